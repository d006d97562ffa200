import { randomUUID } from "node:crypto";
import { chownSync, closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { createCliFinder } from "../lib/agent/binary.ts";
import { podmanEnvironment } from "../lib/machine.ts";
import { runArgv } from "../lib/podman/argv.ts";
import { Config } from "../lib/schema/config.ts";

const config = Config.parse({});
const rootful = process.getuid?.() === 0;
const env = podmanEnvironment(process.env);

type Place = { folder: string; socketFolder: string; promptFile: string };

/** What somebody would type without Stromboli: the same container, in the foreground, removed at its end. */
export const bareRun = async ({ folder, socketFolder, promptFile }: Place): Promise<void> => {
  const home = join(folder, "bare", randomUUID());
  const workspace = `${home}-workspace`;
  for (const path of [home, workspace]) {
    mkdirSync(path, { recursive: true });
    if (rootful) chownSync(path, 1000, 1000);
  }
  const argv = runArgv({
    name: `stromboli-bench-${randomUUID()}`,
    labels: {},
    image: config.podman.image,
    command: [
      "/opt/claude/claude",
      "--print",
      "--input-format=stream-json",
      "--output-format=stream-json",
      "--verbose",
    ],
    workdir: "/workspace",
    user: rootful ? config.podman.user : `${process.getuid?.()}:${process.getgid?.()}`,
    keepId: !rootful,
    envFile: "/dev/null",
    secrets: [],
    mounts: [
      { source: createCliFinder(config).glibc() ?? "", target: "/opt/claude/claude", options: ["ro"] },
      { source: home, target: "/home/agent", options: ["rw"] },
      { source: workspace, target: "/workspace", options: ["rw"] },
      { source: socketFolder, target: "/opt/stromboli", options: ["ro"] },
    ],
    readOnly: true,
    tmpBytes: 256 * 1024 ** 2,
    networks: ["private"],
    memoryBytes: 512 * 1024 ** 2,
    cpus: config.defaults.cpus,
    cpuShares: undefined,
    pids: config.defaults.pids,
    lastResortSeconds: 60,
    selinux: false,
    ociHooks: undefined,
    extraFiles: 0,
  });
  const detached = new Set(["--detach", "--log-driver=passthrough"]);
  const [run = "run", ...rest] = argv.filter((flag) => !detached.has(flag));
  const variables = {
    HOME: "/home/agent",
    ANTHROPIC_UNIX_SOCKET: "/opt/stromboli/api.sock",
    ANTHROPIC_BASE_URL: "http://127.0.0.1",
    ANTHROPIC_API_KEY: "x",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
  };
  const environment = Object.entries(variables).map(([name, value]) => `--env=${name}=${value}`);
  const input = openSync(promptFile, "r");
  const { stdout } = await execa("podman", [run, "--rm", ...environment, ...rest], {
    env,
    extendEnv: false,
    stdin: input as 0,
  }); // execa's types know no other descriptors
  closeSync(input);
  if (!stdout.includes('"is_error":false')) throw new Error(`the bare run failed: ${stdout}`);
};
