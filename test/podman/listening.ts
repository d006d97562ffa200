import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { createContainers } from "../../lib/podman/containers.ts";
import { createEnds } from "../../lib/podman/ends.ts";
import { createPodman } from "../../lib/podman/podman.ts";
import { memoryLog, standIn, tempFolder, writeFiles } from "../harness.ts";

type Options = {
  /** What `podman events` does; by default it tells what the test has it tell. */
  events?: string;
};

export const label = "stromboli.state=test";

/** The ends of containers of a Podman that tells, lists and inspects what a test wants. */
export const openEnds = (t: TestContext, { events = 'exec tail -n +1 -f "$folder/events"' }: Options = {}) => {
  const folder = tempFolder(t);
  writeFiles(folder, { events: "", calls: "", pids: "", ps: "[]" });
  const script = `
    folder=${folder}; echo "$1" >> $folder/calls
    [ -e $folder/broken-$1 ] && { echo "Error: database is locked" >&2; exit 125; }
    case $1 in
      events) echo $$ >> $folder/pids; ${events};;
      ps) cat $folder/ps;;
      container) [ -e $folder/inspect ] && exec cat $folder/inspect; echo "Error: no such container" >&2; exit 125;;
    esac`;
  const podman = createPodman({ binary: standIn(t, script), env: { PATH: process.env["PATH"] ?? "" } });
  const { log, lines } = memoryLog();
  const ends = createEnds({ podman, containers: createContainers(podman), label, log });
  t.after(() => ends[Symbol.asyncDispose]());
  const lasting = new AbortController();
  const read = (name: string) => readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1);
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));

  return {
    ends,
    log: lines,
    ended: (name: string, { takenUp = false, signal = lasting.signal } = {}) => ends.ended(name, { signal, takenUp }),
    /** Has `podman events` tell something. */
    tell: (event: object | string) =>
      appendFileSync(join(folder, "events"), `${typeof event === "string" ? event : JSON.stringify(event)}\n`),
    /** How `podman ps` lists the only container. */
    list: (name: string, state: string, pid = 0) => write("ps", [{ Names: [name], State: state, Pid: pid }]),
    /** What `podman inspect` says of any container; there is none before. */
    stands: (Status: string, more: object = {}) =>
      write("inspect", [{ Id: "abc", State: { Status, ExitCode: 0, OOMKilled: false, ...more } }]),
    /** Has a command fail, or work again. */
    break: (command: string, broken = true) =>
      broken ? writeFiles(folder, { [`broken-${command}`]: "" }) : rmSync(join(folder, `broken-${command}`)),
    /** How often a command was called. */
    calls: (command: string): number => read("calls").filter((call) => call === command).length,
    /** The process ids of all `podman events` so far. */
    pids: (): number[] => read("pids").map(Number),
  };
};

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

export const died = (Name: string, ContainerExitCode?: number): object => ({
  Name,
  Status: "died",
  Type: "container",
  ...(ContainerExitCode !== undefined && { ContainerExitCode }),
});
