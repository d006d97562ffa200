import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createClient, isUnreachable, type Target } from "./client.ts";
import { exitCodes, Failure } from "./failure.ts";

const root = join(import.meta.dirname, "..");
const readyWithinMs = 20_000;
const probeEveryMs = 25;

export type StartOptions = { target: Target; state: string; args?: readonly string[] };

/** Whether a daemon answers there. */
export const isUp = async (target: Target): Promise<boolean> => {
  try {
    return (await createClient(target).healthz.$get()).ok;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
};

/** Runs bin/setup, which says on stderr what it does; throws when the machine is not fit afterwards. */
export const setUp = (args: readonly string[] = []): void => {
  const { status, error } = spawnSync(join(root, "bin/setup"), args, { stdio: ["inherit", 2, 2] });
  if (error) throw new Failure(`bin/setup could not be run: ${error.message}`, exitCodes.unreachable);
  if (status !== 0) throw new Failure("the set-up did not end well; see above", status ?? exitCodes.unreachable);
};

/** Starts a daemon in the background and waits until it answers; its log goes to daemon.log in the state folder. */
export const startInBackground = async ({ target, state, args = [] }: StartOptions): Promise<void> => {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const path = join(state, "daemon.log");
  const log = openSync(path, "a", 0o600);
  const child = spawn(process.execPath, [join(root, "bin/stromboli.js"), "daemon", ...args], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
  });
  closeSync(log);
  const exited = once(child, "exit").then(() => true);
  const deadline = Date.now() + readyWithinMs;
  while (!(await isUp(target))) {
    if (Date.now() > deadline || (await Promise.race([exited, pause(probeEveryMs, false)]))) throw notStarted(path);
  }
  child.unref();
};

const notStarted = (path: string): Failure => {
  const last = readFileSync(path, "utf8").trim().split("\n").slice(-3).join("\n");
  return new Failure(`the daemon did not start; the end of ${path} says:\n${last}`, exitCodes.unreachable);
};
