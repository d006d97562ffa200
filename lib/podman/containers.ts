import { setTimeout as pause } from "node:timers/promises";
import { z } from "zod";
import { StromboliError } from "../errors.ts";
import { runArgv, type ContainerSpec } from "./argv.ts";
import { lastLine, type Files, type Podman } from "./podman.ts";

const State = z.object({
  Status: z.string(),
  ExitCode: z.int(),
  OOMKilled: z.boolean(),
});

const Inspection = z.tuple([z.object({ Id: z.string(), State })]);
const Listed = z.array(z.object({ Names: z.array(z.string()) }));

export type Inspected = { id: string; status: string; exitCode: number; oomKilled: boolean };
export type Containers = ReturnType<typeof createContainers>;

const retryMs = 500;
const unknown = { status: "unknown", exitCode: 0 };

export const createContainers = (podman: Podman) => {
  /** How a container stands; undefined only when there is none. A Podman that is busy or broken throws. */
  const inspect = async (name: string): Promise<Inspected | undefined> => {
    const { exitCode, stdout, stderr } = await podman.call(["container", "inspect", "--", name]);
    if (/no such (container|object)/i.test(stderr)) return undefined;
    if (exitCode !== 0) throw new StromboliError("podman_failed", `podman inspect failed: ${lastLine(stderr)}`);
    const [{ Id, State: state }] = Inspection.parse(JSON.parse(stdout));
    return { id: Id, status: state.Status, exitCode: state.ExitCode, oomKilled: state.OOMKilled };
  };

  return {
    /** Starts a detached container; Podman's exit code, 0 when it runs. */
    start: (spec: ContainerSpec, files: Files): Promise<number> => podman.withFiles(runArgv(spec), files),

    /** Waits as long as it takes for a container to end: its exit code, or undefined when there is no such container. */
    async ended(name: string, signal: AbortSignal): Promise<number | undefined> {
      for (;;) {
        const { exitCode, stdout } = await podman.call(["wait", "--interval=100ms", "--", name], {
          signal,
          timeoutMs: 0,
        });
        if (exitCode === 0 && /^-?\d+$/.test(stdout)) return Number(stdout);
        const container = await inspect(name).catch(() => unknown);
        if (!container || container.status === "exited") return container?.exitCode;
        // The wait itself was killed, or Podman is unwell and may get better.
        await pause(retryMs, undefined, { signal }).catch(() => {
          throw new StromboliError("shutting_down", `the wait for ${name} was given up`);
        });
      }
    },

    /** SIGTERM, and SIGKILL after the grace. Also right for a container that has ended or is gone. */
    async stop(name: string, graceMs: number): Promise<void> {
      const seconds = Math.ceil(graceMs / 1000);
      await podman.call(["stop", "--ignore", `--time=${seconds}`, "--", name], { timeoutMs: graceMs + 60_000 });
    },

    inspect,

    /** Removes a container and its anonymous volumes, running or not. */
    remove: (name: string) => podman.output(["rm", "--force", "--ignore", "--volumes", "--time=0", "--", name]),

    /** Names of all containers with a label, whatever their state. */
    async withLabel(label: string): Promise<string[]> {
      const stdout = await podman.output(["ps", "--all", `--filter=label=${label}`, "--format=json"]);
      return Listed.parse(JSON.parse(stdout)).flatMap(({ Names }) => Names);
    },
  };
};
