import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { startTimeoutMs } from "./podman.ts";

const lookEveryMs = 100;
const telling = /^--(name|label=stromboli\.stack)=/;

export type OrphanWatch = ReturnType<typeof createOrphanWatch>;

/**
 * Sees the `podman run` and the like of a daemon that was killed: it lives on, and makes its container a moment later.
 * All who wait share one look through /proc.
 */
export const createOrphanWatch = () => {
  let coming: Promise<ReadonlySet<string>> | undefined;
  const look = async (): Promise<ReadonlySet<string>> => {
    await pause(lookEveryMs, undefined, { ref: false });
    coming = undefined;
    const telltales = allArguments().map(({ pid, given }) => ({
      pid,
      given: given.filter((one) => telling.test(one)),
    }));
    const ours = telltales.filter(({ pid, given }) => given.length > 0 && !isContained(pid));
    return new Set(ours.flatMap(({ given }) => given));
  };

  /** Until no process with an argument is at work any more; one that hangs is ended. */
  const noneWith = async (wanted: string, signal: AbortSignal): Promise<void> => {
    const deadline = performance.now() + startTimeoutMs;
    // Twice: in the moment of its exec, a process shows no arguments.
    for (let clear = 0; clear < 2;) {
      const seen = await (coming ??= look());
      signal.throwIfAborted();
      clear = seen.has(wanted) ? 0 : clear + 1;
      if (performance.now() > deadline) endProcessesWith([wanted], "SIGKILL");
    }
  };

  return {
    /** Until no process starts a container of this name any more. */
    noneStarting: (container: string, signal: AbortSignal) => noneWith(`--name=${container}`, signal),
    /** Until no process makes anything of a stack any more. */
    noneRaising: (stack: string, signal: AbortSignal) => noneWith(`--label=stromboli.stack=${stack}`, signal),
  };
};

/** Ends processes of a former daemon that have all these arguments: nobody hears them any more. */
export const endProcessesWith = (wanted: readonly string[], signal: NodeJS.Signals = "SIGTERM"): void => {
  for (const { pid, given } of allArguments()) {
    if (wanted.every((argument) => given.includes(argument))) end(pid, signal);
  }
};

const orphanEndMs = 5000;

/**
 * Ends the commands that a former daemon began and did not live to end, known by a variable of their environment, and
 * waits until they are gone.
 */
export const endOrphans = async (command: string, variable: RegExp): Promise<void> => {
  const deadline = performance.now() + orphanEndMs;
  for (;;) {
    const left = allArguments().filter(
      ({ pid, given }) => given.includes(command) && variablesOf(pid).some((one) => variable.test(one)),
    );
    if (left.length === 0) return;
    const signal = performance.now() > deadline ? "SIGKILL" : "SIGTERM";
    for (const { pid } of left) end(pid, signal);
    await pause(lookEveryMs, undefined, { ref: false });
  }
};

/** Whether a process is in a container, where anybody may give it any arguments. */
const isContained = (pid: number): boolean => {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`) !== readlinkSync("/proc/self/ns/pid");
  } catch {
    return false; // somebody else's, or gone
  }
};

const end = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch {
    // it has just ended by itself
  }
};

const allArguments = (): { pid: number; given: string[] }[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), given: listOf(`/proc/${name}/cmdline`) }));

const variablesOf = (pid: number): string[] => listOf(`/proc/${pid}/environ`);

const listOf = (path: string): string[] => {
  try {
    return readFileSync(path, "utf8").split("\0");
  } catch {
    return []; // it has just ended, or is somebody else's
  }
};
