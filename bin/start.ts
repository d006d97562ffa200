import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { isUp } from "./client.ts";
import type { Place } from "./ensure.ts";
import { exitCodes, Failure } from "./failure.ts";

const root = join(import.meta.dirname, "..");
const readyWithinMs = 20_000;
const otherReadyWithinMs = 5000;
const probeEveryMs = 25;

type SetUpOptions = { args?: readonly string[]; stdin?: "inherit" | "ignore" };

/** Runs bin/setup, which says on stderr what it does; throws when the machine is not fit afterwards. */
export const setUp = async ({ args = [], stdin = "inherit" }: SetUpOptions = {}): Promise<void> => {
  const child = spawn(join(root, "bin/setup"), args, { stdio: [stdin, 2, 2] });
  const status = await once(child, "close").then(
    ([code]) => code as number | null, // of an event with one meaning
    (error: unknown) => {
      throw new Failure(`bin/setup could not be run: ${String(error)}`, exitCodes.unreachable);
    },
  );
  if (status !== 0) throw new Failure("the set-up did not end well; see above", status ?? exitCodes.unreachable);
};

/** Starts a daemon in the background and waits until it answers; its log goes to daemon.log in the state folder. */
export const startInBackground = async ({ target, state, args }: Place): Promise<void> => {
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const path = join(state, "daemon.log");
  const log = openSync(path, "a", 0o600);
  const { size } = fstatSync(log);
  const child = spawn(process.execPath, [...process.execArgv, join(root, "bin/stromboli.js"), "daemon", ...args], {
    detached: true,
    stdio: ["ignore", log, log],
    cwd: "/",
  });
  closeSync(log);
  let deadline = Date.now() + readyWithinMs;
  while (!(await isUp(target))) {
    // it ends with this when another one was quicker, and then that one is about to answer
    if (child.exitCode === exitCodes.failed) deadline = Math.min(deadline, Date.now() + otherReadyWithinMs);
    else if (child.exitCode !== null || child.signalCode !== null) deadline = 0;
    if (Date.now() > deadline) throw notStarted(child, readFileSync(path).subarray(size).toString());
    await pause(probeEveryMs);
  }
  child.unref();
};

const notStarted = ({ exitCode }: ChildProcess, said: string): Failure =>
  new Failure(`the daemon did not start:\n${said.trim() || "it says nothing"}`, exitCode ?? exitCodes.unreachable);
