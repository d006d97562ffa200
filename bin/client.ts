import { hc } from "hono/client";
import type { App } from "../daemon/app.ts";
import { isUnreachable } from "../lib/client/error.ts";
import { sendTo, whyUnsafe } from "../lib/client/target.ts";
import { exitCodes, Failure } from "./failure.ts";
import type { Target } from "./target.ts";

export { isUnreachable };
export type Client = ReturnType<typeof createClient>;

/** The typed client of the HTTP API, over a unix socket or TCP. What it asks for stands in the trace that the environment tells. */
export const createClient = (target: Target, env: NodeJS.ProcessEnv = process.env) =>
  hc<App>("http://localhost", { fetch: fetchFrom(target), headers: traceHeaders(env) });

/** Whether a daemon answers there. */
export const isUp = async (target: Target): Promise<boolean> => {
  try {
    return (await createClient(target).healthz.$get()).ok;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
};

/** The JSON of a good answer; an error answer becomes the daemon's own sentence and its exit code. */
export const jsonOf = async <Body>(response: {
  ok: boolean;
  json: () => Promise<Body>;
  text: () => Promise<string>;
}): Promise<Body> => {
  if (response.ok) return response.json();
  throw await failureOf(await response.text());
};

export const failureOf = async (text: string): Promise<Failure> => {
  const { exitCodeOf } = await import("../lib/errors.ts");
  try {
    const { error, code } = JSON.parse(text) as { error: string; code: string }; // the daemon's one error shape
    return new Failure(error, exitCodeOf(code), code);
  } catch {
    return new Failure(`the daemon answered something else than JSON: ${text.slice(0, 200)}`, exitCodes.internal);
  }
};

/** What cannot be a header is none. */
const traceHeaders = (env: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    ["TRACEPARENT", "TRACESTATE"].flatMap((name) => {
      const value = env[name] ?? "";
      return /^[\x21-\x7e][\x20-\x7e]*$/.test(value) ? [[name.toLowerCase(), value]] : [];
    }),
  );

const fetchFrom = ({ token, ...address }: Target) => {
  const send = sendTo(address, token);
  return async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const unsafe = whyUnsafe(address);
    if (unsafe !== undefined) throw new Failure(unsafe, exitCodes.config);
    return send(input instanceof Request ? input.url : String(input), init);
  };
};
