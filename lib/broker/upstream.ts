import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type OutgoingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Credential } from "../credentials.ts";

/** The model API: keep-alive connections, through the proxy that the daemon's environment names, if any. */
export const createUpstream = (apiUrl: string, env: NodeJS.ProcessEnv) => {
  const base = new URL(apiUrl);
  const secure = base.protocol === "https:";
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, proxyEnv: env })
    : new HttpAgent({ keepAlive: true, proxyEnv: env });

  const { protocol, hostname, port, host } = base;
  const prefix = base.pathname.replace(/\/$/, "");

  return {
    /** Sends the body of `incoming` on to a path of the API; answers as soon as the head of the response is there. */
    request: (incoming: IncomingMessage, { path, credential, signal }: RequestOptions): Promise<IncomingMessage> =>
      new Promise((resolve, reject) => {
        const outgoing = (secure ? httpsRequest : httpRequest)({
          protocol,
          hostname,
          port,
          agent,
          signal,
          method: "POST",
          path: `${prefix}${path}`, // never joined as URLs: what the agent sends must not choose the host
          headers: { ...passedOn(incoming), ...authorization(credential), host, "accept-encoding": "identity" },
        });
        outgoing.once("response", resolve).once("error", reject);
        incoming.pipe(outgoing);
      }),
    close: () => agent.destroy(),
  };
};
type RequestOptions = { path: string; credential: Credential; signal: AbortSignal };
export type Upstream = ReturnType<typeof createUpstream>;

/** Headers that concern one connection, and those that carry the handle. */
const dropped = new Set([
  "connection",
  "keep-alive",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "upgrade",
  "x-api-key",
  "authorization",
  "cookie",
]);

export const passedOn = ({ headers }: { headers: IncomingMessage["headers"] }): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.has(name)));

export const authorization = ({ kind, value }: Credential): OutgoingHttpHeaders =>
  kind === "api_key" ? { "x-api-key": value } : { authorization: `Bearer ${value}` };
