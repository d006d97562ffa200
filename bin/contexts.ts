import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { configFolder } from "../lib/paths.ts";
import { exitCodes, Failure } from "./failure.ts";

/** A daemon with a name: where it listens, and the token for it. `insecure`: that may cross a network in clear text. */
export type Context = { host: string; token?: string; insecure?: true };
export type Contexts = { current: string; contexts: Readonly<Record<string, Context>> };

/** What this user's own daemon is called. */
export const ownContext = "default";

const none: Contexts = { current: ownContext, contexts: {} };

export const contextsFile = (env: NodeJS.ProcessEnv): string => join(configFolder(env), "contexts.json");

/** All contexts of a user, and the one in use. Throws when others could read the tokens, or it is no such file. */
export const readContexts = (env: NodeJS.ProcessEnv): Contexts => {
  const path = contextsFile(env);
  const text = readOwn(path);
  if (text === undefined) return none;
  try {
    return checked(JSON.parse(text));
  } catch (cause) {
    const broken = new Failure(
      `${path} does not hold contexts; remove it and add them anew with: stromboli context add`,
      exitCodes.config,
    );
    broken.cause = cause;
    throw broken;
  }
};

const readOwn = (path: string): string | undefined => {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return undefined;
  if ((stat.mode & 0o077) !== 0)
    throw new Failure(`others can read the tokens in ${path}; put it right with: chmod 600 ${path}`, exitCodes.config);
  return readFileSync(path, "utf8");
};

/** Without zod, which would cost each command 60 ms. */
const checked = (value: unknown): Contexts => {
  const { current, contexts } = fieldsOf(value);
  if (typeof current !== "string") throw new TypeError("current is no name");
  return {
    current,
    contexts: Object.fromEntries(Object.entries(fieldsOf(contexts)).map(([name, one]) => [name, contextOf(one)])),
  };
};

const contextOf = (value: unknown): Context => {
  const { host, token, insecure } = fieldsOf(value);
  if (typeof host !== "string" || !["string", "undefined"].includes(typeof token)) throw new TypeError("no context");
  return { host, ...(typeof token === "string" && { token }), ...(insecure === true && { insecure }) };
};

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new TypeError("no object");
  return { ...value };
};

/** Writes them all anew, readable by the user alone. */
export const writeContexts = (env: NodeJS.ProcessEnv, contexts: Contexts): void => {
  const path = contextsFile(env);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(contexts, undefined, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
};

/** The context that is meant, if it is another than this user's own daemon; throws when there is none of that name. */
export const chosenContext = (env: NodeJS.ProcessEnv): { name: string; context: Context } | undefined => {
  const asked = env["STROMBOLI_CONTEXT"];
  if (asked === ownContext) return undefined;
  const { current, contexts } = readContexts(env);
  const name = asked || current;
  return name === ownContext ? undefined : { name, context: contextNamed(contexts, name) };
};

export const contextNamed = (contexts: Contexts["contexts"], name: string): Context => {
  const context = Object.hasOwn(contexts, name) ? contexts[name] : undefined;
  if (context) return context;
  throw new Failure(`there is no context ${name || '""'}; list them with: stromboli context ls`, exitCodes.failed);
};
