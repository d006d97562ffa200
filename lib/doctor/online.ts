import { Agent as HttpAgent, request as httpRequest } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { authorization } from "../broker/upstream.ts";
import type { Credential } from "../credentials.ts";
import { messageOf } from "../errors.ts";
import type { Answer } from "./claude.ts";

const withinMs = 15_000;

type Asked = { apiUrl: string; credential: Credential; env: NodeJS.ProcessEnv };
export type Heard = { answer: Answer; serverMs: number | undefined };

/** Asks the model API for one of its models' names, which costs nothing, the way the broker would: proxies included. */
export const askApi = async ({ apiUrl, credential, env }: Asked): Promise<Heard> => {
  const base = new URL(apiUrl);
  const secure = base.protocol === "https:";
  const agent = secure ? new HttpsAgent({ proxyEnv: env }) : new HttpAgent({ proxyEnv: env });
  const url = `${base.origin}${base.pathname.replace(/\/$/, "")}`;
  const headers = {
    ...authorization(credential),
    "anthropic-version": "2023-06-01",
    ...(credential.kind === "oauth" && { "anthropic-beta": "oauth-2025-04-20" }), // without it no OAuth token is taken
  };
  const options = { agent, headers, signal: AbortSignal.timeout(withinMs) };
  const asking = Promise.withResolvers<Heard>();
  const request = (secure ? httpsRequest : httpRequest)(`${url}/v1/models?limit=1`, options);
  request.once("error", (error) => asking.resolve({ answer: { url, error: messageOf(error) }, serverMs: undefined }));
  request.once("response", (response) => {
    response.resume();
    const serverMs = Date.parse(response.headers.date ?? "");
    const answer = { url, status: response.statusCode ?? 0 };
    asking.resolve({ answer, serverMs: Number.isNaN(serverMs) ? undefined : serverMs });
  });
  request.end();
  return asking.promise.finally(() => agent.destroy());
};
