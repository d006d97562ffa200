import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { createCliFinder } from "../../lib/agent/binary.ts";
import { Config } from "../../lib/schema/config.ts";
import { volumeOwner } from "./harness.ts";
import { environmentOf, type Place } from "./place.ts";
import { rootful } from "./podman.ts";

const root = join(import.meta.dirname, "../..");

export type Desk = { cwd: string; env: NodeJS.ProcessEnv; tools: string };
export type DeskOptions = { files: Readonly<Record<string, string>>; url?: string; env?: NodeJS.ProcessEnv };

/**
 * Where somebody follows a guide: a repository with a change in it, which agents may mount, with `stromboli` and `claude`
 * on the PATH. curl finds the daemon of `url` at `localhost:8080`.
 */
export const makeDesk = async (place: Place, { files, url, env }: DeskOptions): Promise<Desk> => {
  const cwd = mkdtempSync(join(place.volumes, "desk-"));
  const tools = mkdtempSync(join(place.folder, "tools-"));
  mkdirSync(join(cwd, "src"));
  symlinkSync(join(root, "bin"), join(cwd, "bin"));
  symlinkSync(join(root, "bin/stromboli"), join(tools, "stromboli"));
  symlinkSync(createCliFinder(Config.parse({})).glibc() ?? "", join(tools, "claude"));
  const way = url === undefined ? "" : `connect-to = "localhost:8080:${new URL(url).host}"\n`;
  writeFileSync(join(tools, ".curlrc"), `${way}fail-with-body\n`);
  for (const [name, text] of Object.entries({ ...files, "notes.md": "before\n" })) writeFileSync(join(cwd, name), text);
  await execa("git", ["init", "-q"], { cwd });
  await execa("git", ["add", "notes.md"], { cwd });
  writeFileSync(join(cwd, "notes.md"), "after\n");
  if (rootful) await execa("chown", ["-R", `${volumeOwner}:${volumeOwner}`, cwd]);
  const own = { PATH: `${tools}${delimiter}${process.env["PATH"]}`, CURL_HOME: tools, CLAUDE_CONFIG_DIR: tools };
  return { cwd, tools, env: environmentOf(place, { ...own, ...trustGit, ...env }) };
};

/** A repository that is another user's is refused by Git. */
const trustGit = { GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" };
