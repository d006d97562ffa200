import { appendFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { createBell } from "../../lib/jobs/bell.ts";
import { eventsOf, type JobEvent } from "../../lib/jobs/events.ts";
import { fillFolder, jobFolder } from "../../lib/jobs/folder.ts";
import { startRecorder, type Recorder } from "../../lib/jobs/recorder.ts";
import type { Progress } from "../../lib/store/jobs.ts";
import { memoryLog, tempFolder } from "../harness.ts";

type Asking = { after?: number; follow?: boolean; signal?: AbortSignal };

const never = new AbortController().signal;

const progress: Progress = {
  state: "running",
  stopReason: null,
  createdAt: 1000,
  claimedAt: 2000,
  pullMs: null,
  startedAt: 3000,
};

/** Keeps things, to be disposed of when the test ends. */
const disposer = <Thing extends AsyncDisposable>(t: TestContext) => {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  return (thing: Thing): Thing => stack.use(thing);
};

/** A job that runs, as its recorder and its readers see it: its files are real, its row is the test's. */
export const openRecording = (t: TestContext, { maxBytes = 1e9 } = {}) => {
  const keep = disposer<Recorder>(t);
  const folder = jobFolder(tempFolder(t), "job-1");
  fillFolder(folder, "");
  const { log, lines } = memoryLog();
  const bell = createBell();
  const row: { is: Progress | undefined } = { is: progress };
  const job = {
    id: "job-1",
    folder,
    bell: () => (row.is?.state === "ended" ? undefined : bell),
    jobs: { progress: () => row.is },
    done: () => Promise.resolve('{"done":true}'),
  };
  const read = ({ after = 0, follow = true, signal = never }: Asking = {}) => eventsOf(job, { after, follow, signal });
  const all = async (asking?: Asking): Promise<JobEvent[]> => (await Array.fromAsync(read(asking))).flat();
  const end = (): void => {
    row.is = { ...(row.is ?? progress), state: "ended" };
    bell.ring();
  };

  return {
    folder,
    bell,
    row,
    log: lines,
    /** Has the row say how far the job has come, and tells the readers. */
    move: (more: Partial<Progress>): void => {
      row.is = { ...progress, ...more };
      bell.ring();
    },
    read,
    all,
    end,
    /** As the agent does. */
    write: (data: string | Uint8Array, source: "output" | "stderr" = "output") => appendFileSync(folder[source], data),
    start: (): Recorder => keep(startRecorder({ folder, bell, maxBytes, log })),
    /** What a daemon does once the container has ended. */
    finish: async (recorder: Recorder): Promise<void> => {
      await recorder.finish(never);
      end();
    },
    /** Those of its events that are lines, as `id source line`. */
    lines: async (): Promise<string[]> =>
      (await all({ follow: false, after: 3 }))
        .filter(({ type }) => type !== "done")
        .map(({ id, type, data }) => `${id} ${type} ${data}`),
  };
};

/** Numbers from 0 up to a limit, the same at every run. */
export const randomFrom = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
};
