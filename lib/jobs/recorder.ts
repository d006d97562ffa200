import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  watch,
} from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import type { Log } from "../log.ts";
import { untilItWorks } from "../persist.ts";
import { createBell, type Bell } from "./bell.ts";
import { journalName, type JobFolder } from "./folder.ts";
import { countFeeds } from "./lines.ts";
import { openJournal, type Journal, type Source } from "./journal.ts";

/** `bell` rings whenever the journal has grown. */
type Options = { folder: JobFolder; bell: Bell; maxBytes: number; log: Log };
export type Recorder = ReturnType<typeof startRecorder>;

const lookEveryMs = 1000; // a watch can miss something, on a network file system say
const what = "the journal of a job";

/** Takes down the lines of a running job in its journal, as they come. */
export const startRecorder = ({ folder, bell, maxBytes, log }: Options) => {
  using stack = new DisposableStack();
  mkdirSync(folder.path, { recursive: true, mode: 0o700 }); // should somebody have removed it
  const journal = stack.adopt(openJournal(folder.journal), (open) => open.close());
  const readers = pathsOf(folder).map(([source, path]) =>
    createReader(journal, source, stack.adopt(openReadable(path), closeSync)),
  );
  const changed = createBell();
  const ring = () => changed.ring();
  stack.use(watchFolder(folder.path, ring));
  const timer = setInterval(ring, lookEveryMs).unref();
  stack.defer(() => clearInterval(timer));
  const stop = new AbortController();
  const full = Promise.withResolvers<"output_limit">();
  const size = () => readers.reduce((sum, reader) => sum + reader.size(), journal.size() + bytesAt(folder.hookState));

  const take = async (): Promise<void> => {
    for (const reader of readers) {
      while (reader.scanned() < maxBytes && reader.take()) {
        bell.ring();
        if (size() > maxBytes) full.resolve("output_limit");
        await breathe(); // an agent that floods us must not keep us from everything else
      }
    }
    if (size() > maxBytes) full.resolve("output_limit");
  };
  const takeRest = (): void => readers.forEach((reader) => reader.takeRest());
  const follow = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      const heard = changed.count();
      await untilItWorks(take, { what, log, signal: stop.signal }).catch(() => {}); // stopped: finish takes the rest
      await changed.since(heard, stop.signal);
    }
  };
  const following = follow();
  const resources = stack.move();

  return {
    /** What the agent has written so far, in bytes. */
    size,
    /** How much of each has been taken down, in bytes. */
    taken: () => ({ output: journal.endOf("output"), stderr: journal.endOf("stderr"), hook: journal.endOf("hook") }),
    /** Settles once the agent has written more than it may. */
    full: full.promise,
    /** Takes down what is left, once nothing more can come; throws `shutting_down` when `signal` aborts before it could. */
    async finish(signal: AbortSignal): Promise<void> {
      stop.abort();
      await following;
      await untilItWorks(take, { what, log, signal });
      await untilItWorks(takeRest, { what, log, signal });
    },
    async [Symbol.asyncDispose](): Promise<void> {
      stop.abort();
      await following;
      resources.dispose();
    },
  };
};

/** Hooks write to it too, and it takes room as well. */
const bytesAt = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const pathsOf = ({ output, stderr, hookLog }: JobFolder): readonly (readonly [Source, string])[] => [
  ...(existsSync(hookLog) ? [["hook", hookLog] as const] : []),
  ["output", output],
  ["stderr", stderr],
];

/** The agent can reach the files that it writes to, and may have made them unreadable. */
const openReadable = (path: string): number => {
  const open = () => openSync(path, constants.O_RDONLY | constants.O_CREAT, 0o600);
  try {
    return open();
  } catch {
    chmodSync(path, 0o600);
    return open();
  }
};

/** Looks at one source for lines that are whole. */
const createReader = (journal: Journal, source: Source, file: number) => {
  const chunk = Buffer.allocUnsafe(65_536);
  let scanned = journal.endOf(source); // up to here there is no line feed behind the journal's end

  return {
    size: () => fstatSync(file).size,
    scanned: () => scanned,
    /** Takes down the lines of the next chunk; false when there is none. A long line is one by itself. */
    take(): boolean {
      const length = readSync(file, chunk, 0, chunk.length, scanned);
      if (length === 0) return false;
      const bytes = chunk.subarray(0, length);
      const long = scanned > journal.endOf(source);
      const feed = long ? bytes.indexOf(10) : bytes.lastIndexOf(10);
      if (feed === -1) {
        scanned += length;
        return true;
      }
      const end = scanned + feed + 1;
      journal.append({ source, end, count: long ? 1 : countFeeds(bytes.subarray(0, feed + 1)) });
      scanned = end;
      return true;
    },
    /** The last line may lack its line feed. */
    takeRest(): void {
      if (scanned > journal.endOf(source)) journal.append({ source, end: scanned, count: 1 });
    },
  };
};

const watchFolder = (path: string, ring: () => void): Disposable => {
  try {
    const watcher = watch(path, (_, name) => {
      if (name !== journalName) ring(); // that is ourselves
    });
    watcher.on("error", ring);
    return { [Symbol.dispose]: () => watcher.close() };
  } catch {
    return { [Symbol.dispose]: () => {} }; // the kernel has no watch left: the timer has to do
  }
};
