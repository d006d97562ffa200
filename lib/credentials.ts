import { readFileSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { StromboliError } from "./errors.ts";
import { configFolder } from "./paths.ts";

const Credential = z.object({ kind: z.enum(["api_key", "oauth"]), value: z.string().min(1) });
/** What opens the model API. It stays in the daemon: the broker alone sends it, and only to the API. */
export type Credential = z.output<typeof Credential>;

type Environment = Readonly<Record<string, string | undefined>>;

export const credentialsFile = (env: Environment): string => join(configFolder(env), "credentials.json");

/** The credential in force: the daemon's environment first, then what `stromboli login` stored. Read anew each time. */
export const findCredential = (env: Environment): Credential | undefined => {
  if (env["ANTHROPIC_API_KEY"]) return { kind: "api_key", value: env["ANTHROPIC_API_KEY"] };
  const token = env["CLAUDE_CODE_OAUTH_TOKEN"] || env["ANTHROPIC_AUTH_TOKEN"];
  return token ? { kind: "oauth", value: token } : readStored(credentialsFile(env));
};

/** Stores a credential for the daemon, readable by the user alone. OAuth tokens are told by their prefix. */
export const storeCredential = async (env: Environment, value: string): Promise<Credential> => {
  const credential: Credential = { kind: value.startsWith("sk-ant-oat") ? "oauth" : "api_key", value };
  const path = credentialsFile(env);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, JSON.stringify(credential), { mode: 0o600 });
  await rename(draft, path);
  return credential;
};

export const noCredentials = () =>
  new StromboliError(
    "no_credentials",
    "there are no credentials for the model API: set ANTHROPIC_API_KEY in the daemon's environment, run `stromboli login`, or try it free with --demo",
  );

const readStored = (path: string): Credential | undefined => {
  try {
    return Credential.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw new StromboliError("no_credentials", `${path} holds no readable credential: run stromboli login again`, {
      cause: error,
    });
  }
};
