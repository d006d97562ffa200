import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import { environmentOf, type Place } from "./place.ts";
import { until } from "./wait.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");

export type ProcessOptions = { env?: NodeJS.ProcessEnv; args?: readonly string[]; timeoutMs?: number };
export type Exit = { code: number | null; signal: NodeJS.Signals | null };

/** `stromboli daemon` as a process of its own, its output at the end of the place's log. Nobody waits until it listens. */
export const spawnDaemon = (place: Place, { env = {}, args = [], timeoutMs }: ProcessOptions = {}) => {
  const log = openSync(place.log, "a");
  const child = spawn(launcher, ["daemon", ...args], {
    env: environmentOf(place, env),
    cwd: place.folder,
    stdio: ["ignore", log, log],
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
  });
  closeSync(log);
  const exited = once(child, "exit").then(([code, signal]): Exit => ({ code, signal }));
  return { child, exited };
};

/** A daemon that is expected to refuse its start: how it ends and all that it says. */
export const refusedStart = async (place: Place, options: ProcessOptions = {}) => {
  const before = existsSync(place.log) ? readFileSync(place.log, "utf8").length : 0;
  const { exited } = spawnDaemon(place, { timeoutMs: 15_000, ...options });
  const { code } = await exited;
  return { code, said: readFileSync(place.log, "utf8").slice(before) };
};

/** A daemon, once it answers. */
export const startProcess = async (place: Place, options: ProcessOptions = {}) => {
  const { child, exited } = spawnDaemon(place, options);
  const url = await until("the daemon to listen", () => {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("the daemon ended");
    return noteOf(place, child.pid)?.url;
  }).catch(async (cause: unknown) => {
    child.kill("SIGKILL");
    await exited;
    throw new Error(`${messageOf(cause)}; it said: ${readFileSync(place.log, "utf8")}`, { cause });
  });
  return {
    url,
    pid: child.pid,
    exited,
    async end(signal: NodeJS.Signals): Promise<Exit> {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return exited;
    },
  };
};

/** What the daemon wrote about itself; a note of another process is one that was killed. */
export const noteOf = ({ state }: Place, pid: number | undefined): { url: string } | undefined => {
  const path = join(state, "daemon.json");
  if (!existsSync(path)) return undefined;
  try {
    const note = JSON.parse(readFileSync(path, "utf8")) as { pid: number; url: string }; // the daemon's own file
    return note.pid === pid ? note : undefined;
  } catch {
    return undefined; // caught in the middle of being written
  }
};
