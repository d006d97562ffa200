import { randomUUID } from "node:crypto";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Stromboli } from "./harness.ts";
import { podman } from "./podman.ts";
import { scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

type Beside = { service?: string; keep?: boolean; podman?: object; session?: string };

/** The part of a request that wants the services of a compose file beside its agent. */
export const beside = (path: string, { service, keep, session, podman: more }: Beside = {}) => ({
  podman: {
    network: "none" as const,
    environment: {
      type: "compose" as const,
      path,
      ...(service !== undefined && { service }),
      ...(keep !== undefined && { keep }),
    },
    ...more,
  },
  ...(session !== undefined && { claude: { session_id: session } }),
});

/** One command to Redis, from a shell that has no client for it; its answer is the first line. */
export const ask = (...commands: string[]) =>
  inBash(
    commands
      .map((command) => `exec 3<>/dev/tcp/db/6379; printf '${command}\\r\\n' >&3; head -n 1 <&3 | tr -d '\\r'`)
      .join("; "),
  );

const inBash = (script: string) => `bash -c '${script.replaceAll("'", `'\\''`)}'`;

/** What tests of compose files do with a daemon whose agents are stand-ins. */
export const createComposing = (stromboli: Stromboli) => {
  const { submit, workspace } = stromboli;
  const label = `--filter=label=stromboli.stack.state=${stromboli.label.split("=")[1]}`;

  /** All that there is of stacks of this daemon. */
  const left = async (): Promise<string[]> => {
    const lists = await Promise.all([
      podman("ps", "--all", label, "--format={{.Names}}"),
      podman("network", "ls", label, "--format={{.Name}}"),
      podman("volume", "ls", label, "--format={{.Name}}"),
    ]);
    return lists.flatMap(({ stdout }) => stdout.split("\n").filter(Boolean));
  };

  return {
    left,
    allGone: () => until("the services to be gone", async () => (await left()).length === 0),
    /** A compose file that requests may name. */
    fileOf: (services: object, more: object = {}): string => {
      const path = join(stromboli.makeVolume(), "compose.yaml");
      writeFileSync(path, JSON.stringify({ services, ...more })); // JSON is YAML
      return path;
    },
    /** A job with services whose agent waits, once that is at work. */
    begin: async (path: string, agent: string, more: Beside = {}) => {
      const session = randomUUID();
      const { body } = await submit(scripted(`hold; ${agent}`, beside(path, { session, ...more })));
      await until("the agent", () => existsSync(join(workspace(session), "begun")));
      return { id: String(body.job_id), session, go: () => writeFileSync(join(workspace(session), "go"), "") };
    },
  };
};
