import { lstatSync, readdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { loadConfig, type ConfigSources } from "../config.ts";
import { credentialsFile, findCredential, type Credential } from "../credentials.ts";
import { messageOf } from "../errors.ts";
import { Config } from "../schema/config.ts";
import type { CredentialFacts } from "./claude.ts";
import type { Folder } from "./files.ts";
import { failure, ok, type Verdict } from "./finding.ts";

/** The configuration, or the defaults where it is broken: all else is still to be looked at. */
export const lookAtConfig = (sources: ConfigSources): { config: Config; verdict: Verdict } => {
  try {
    const { config, file } = loadConfig(sources);
    return { config, verdict: ok(file ?? "no file: the defaults hold") };
  } catch (error) {
    const remedy = "mend it; stromboli.yaml has every key with its default. What follows goes by the defaults";
    return { config: Config.parse({}), verdict: failure(messageOf(error), remedy) };
  }
};

/** One folder, or none where there is none yet. */
export const folderAt = (path: string): Folder[] => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat ? [{ path, mode: stat.mode & 0o777, own: stat.uid === userInfo().uid }] : [];
};

/** When something in a folder was written last. */
export const newestIn = (folder: string): number | undefined => {
  const times = namesIn(folder).map((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0);
  return times.length > 0 ? Math.max(...times) : undefined;
};

const namesIn = (folder: string): string[] =>
  statSync(folder, { throwIfNoEntry: false })?.isDirectory() ? readdirSync(folder) : [];

/** `running`: what the daemon has, whose environment is not this one. Where none runs, what it would find here. */
export const credentialFacts = (env: NodeJS.ProcessEnv, running: Credential["kind"] | "none" | undefined) => {
  const file = credentialsFile(env);
  const mode = lstatSync(file, { throwIfNoEntry: false })?.mode;
  const facts = { file, mode: mode === undefined ? undefined : mode & 0o777 };
  if (running !== undefined && running !== "none") return { ...facts, kind: running, where: "daemon" as const };
  const stored = kindIn({ HOME: env["HOME"], XDG_CONFIG_HOME: env["XDG_CONFIG_HOME"] });
  const found = running ?? kindIn(env);
  const kind = found === "none" && stored === "broken" ? stored : found;
  return { ...facts, kind, where: stored === kind ? "file" : "environment" } satisfies CredentialFacts;
};

const kindIn = (env: NodeJS.ProcessEnv): CredentialFacts["kind"] => {
  try {
    return findCredential(env)?.kind ?? "none";
  } catch {
    return "broken"; // its remedy is the same, whatever is wrong with the file
  }
};
