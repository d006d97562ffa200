import { parseTarget, type Target as Address } from "../lib/client/target.ts";
import { defaultSocket } from "../lib/paths.ts";
import { chosenContext, type Context } from "./contexts.ts";
import { exitCodes, Failure } from "./failure.ts";

/** Where a daemon listens, and the token for it. */
export type Target = Address & { token?: string };

/** The daemon that was named, and how: by STROMBOLI_HOST, or else by a context. Nothing when this user's own is meant. */
export const namedDaemon = (env: NodeJS.ProcessEnv): { target: Target; called: string } | undefined => {
  const host = env["STROMBOLI_HOST"];
  if (host)
    return { target: withToken(parseHost("STROMBOLI_HOST", host), tokenIn(env)), called: `STROMBOLI_HOST=${host}` };
  const chosen = chosenContext(env);
  if (!chosen) return undefined;
  const { name, context } = chosen;
  const called = `${context.host}, the context ${name}`;
  return { target: targetOf(name, context), called }; // with its own token alone: another one is another daemon's
};

/** The address of a context; throws when its token would cross a network in clear text. */
export const targetOf = (name: string, { host, token, insecure }: Context): Target => {
  const address = parseHost(`the host of context ${name}`, host);
  if (
    token !== undefined &&
    !insecure &&
    "protocol" in address &&
    address.protocol === "http:" &&
    !loopback.test(address.host)
  )
    throw new Failure(
      `over http:// to ${address.host} everybody on the way could read the token; use https://, or add it with --insecure`,
      exitCodes.usage,
    );
  return withToken(address, token);
};

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** The daemon that was named, else the socket of this user's. */
export const findTarget = (env: NodeJS.ProcessEnv): Target =>
  namedDaemon(env)?.target ??
  withToken({ socketPath: env["STROMBOLI_SERVER_SOCKET"] || defaultSocket(env) }, tokenIn(env));

export const tokenIn = (env: NodeJS.ProcessEnv): string | undefined => env["STROMBOLI_TOKEN"] || undefined;

export const withToken = (address: Address, token: string | undefined): Target => ({
  ...address,
  ...(token !== undefined && { token }),
});

const parseHost = (what: string, text: string): Address => {
  const address = parseTarget(text);
  if (!address) throw new Failure(`${what} is not unix:///path or http(s)://host:port but ${text}`, exitCodes.usage);
  if ("protocol" in address) checkParts(what, new URL(text));
  return address;
};

/** What would be left out of a request without a word is refused. */
const checkParts = (what: string, { pathname, search, username, password }: URL): void => {
  if (username || password)
    throw new Failure(`${what} holds a name or a password, which no daemon asks for`, exitCodes.usage);
  if (pathname !== "/" || search)
    throw new Failure(`${what} has a path, ${pathname}${search}; a daemon is at the root of a host`, exitCodes.usage);
};
