import pLimit from "p-limit";
import { z } from "zod";
import { StromboliError } from "../errors.ts";
import { withoutUndefined } from "../given.ts";
import { runArgv, type ContainerSpec } from "./argv.ts";
import { lastLine, type Files, type Podman } from "./podman.ts";

const State = z.object({
  Status: z.string(),
  Pid: z.int().default(0),
  ExitCode: z.int(),
  OOMKilled: z.boolean(),
  StartedAt: z.string().optional(),
  FinishedAt: z.string().optional(),
});

const Inspection = z.tuple([z.object({ Id: z.string(), State })]);
const Listed = z.array(z.object({ Names: z.array(z.string()), State: z.string(), Pid: z.int().default(0) }));

/** How a container stands; times in milliseconds, where Podman knows them. */
export type Inspected = {
  id: string;
  status: string;
  /** Of its first process, on the host; 0 when there is none. */
  pid: number;
  exitCode: number;
  oomKilled: boolean;
  startedAt?: number;
  finishedAt?: number;
};
export type Containers = ReturnType<typeof createContainers>;

const stopMarginMs = 20_000;
/** A hundred at once, as when a hundred jobs are cancelled, get in each other's way until all of them time out. */
export const stopsAtOnce = 8;
const failed = { exitCode: -1, stdout: "" };

/** Whether a container ran and has come to its end. */
export const hasEnded = ({ status }: { status: string }): boolean => status === "exited" || status === "stopped";

export const createContainers = (podman: Podman) => {
  const stops = pLimit(stopsAtOnce);

  /** How a container stands; undefined only when there is none. A Podman that is busy or broken throws. */
  const inspect = async (name: string): Promise<Inspected | undefined> => {
    const { exitCode, stdout, stderr } = await podman.call(["container", "inspect", "--", name]);
    if (/no such (container|object)/i.test(stderr)) return undefined;
    if (exitCode !== 0) throw new StromboliError("podman_failed", `podman inspect failed: ${lastLine(stderr)}`);
    const [{ Id, State: state }] = Inspection.parse(JSON.parse(stdout));
    return {
      id: Id,
      status: state.Status,
      pid: state.Pid,
      exitCode: state.ExitCode,
      oomKilled: state.OOMKilled,
      ...withoutUndefined({ startedAt: timeOf(state.StartedAt), finishedAt: timeOf(state.FinishedAt) }),
    };
  };

  return {
    /** Starts a detached container; Podman's exit code, 0 when it runs. */
    start: (spec: ContainerSpec, files: Files): Promise<number> => podman.withFiles(runArgv(spec), files),

    /** The stop signal, and SIGKILL after the grace. Also right for a container that has ended or is gone. */
    stop: (name: string, graceMs: number): Promise<void> =>
      stops(async () => {
        const argv = ["stop", "--ignore", `--time=${Math.ceil(graceMs / 1000)}`, "--", name];
        const stopped = await podman.call(argv, { timeoutMs: graceMs + stopMarginMs }).catch(() => failed);
        if (stopped.exitCode !== 0) await podman.call(["kill", "--signal=KILL", "--", name]);
      }),

    inspect,

    /** Removes a container and its anonymous volumes, running or not. */
    remove: (name: string) => podman.output(["rm", "--force", "--ignore", "--volumes", "--time=0", "--", name]),

    /** How all containers with a label stand, by name. */
    async states(label: string): Promise<Map<string, { status: string; pid: number }>> {
      const stdout = await podman.output(["ps", "--all", `--filter=label=${label}`, "--format=json"]);
      const listed = Listed.parse(JSON.parse(stdout));
      return new Map(
        listed.flatMap(({ Names, State: status, Pid: pid }) => Names.map((name) => [name, { status, pid }])),
      );
    },
  };
};

/** Podman writes the year 1 for what has not happened yet. */
const timeOf = (text: string | undefined): number | undefined => {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return time > 0 ? time : undefined;
};
