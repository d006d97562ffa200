import { isUtf8 } from "node:buffer";
import type { FileHandle } from "node:fs/promises";
import type { Place } from "../store/job-rows.ts";
import type { JobStore, Progress } from "../store/jobs.ts";
import type { Bell } from "./bell.ts";
import { countFeeds, lineFeed } from "./lines.ts";
import { openReadable, type JobFolder } from "./folder.ts";
import { firstLineId, readJournal, type Segment, type Source } from "./journal.ts";

/** `data` of an `output` or `stderr` event is one line; of the others it is JSON. */
export type JobEvent = {
  id: number;
  type: "status" | "done" | Source;
  data: string;
  /** Where a line is that was too long for `data`. */
  place?: Place;
};

/**
 * Lines as they stand in their file, each with its line feed; each is an event. What is streamed is left as bytes, and
 * these are good only until the next batch is asked for.
 */
export type Lines = { source: Source; firstId: number; count: number; bytes: Buffer };
export type Batch = JobEvent[] | Lines;

/** One job as a reader sees it. Its bell rings whenever there is something new; only while the daemon holds the job. */
export type Watched = {
  id: string;
  folder: JobFolder;
  bell: () => Bell | undefined;
  jobs: Pick<JobStore, "progress">;
  /** What the job came to, as JSON of at most 1 MiB. */
  done: () => Promise<string>;
};
export type Reading = { after: number; follow: boolean; signal: AbortSignal };

/** The events of a job behind number `after`, some at a time; see {@link batchesOf}. */
export async function* eventsOf(job: Watched, reading: Reading): AsyncGenerator<JobEvent[]> {
  for await (const batch of batchesOf(job, reading)) yield toEvents(batch);
}

/**
 * All that happens in a job behind event `after`, until it has ended, or without `follow` as far as it goes now. A view
 * over its row and its files: whoever reads, now or later, gets the same.
 */
export async function* batchesOf(job: Watched, { after, follow, signal }: Reading): AsyncGenerator<Batch> {
  await using lines = createLines(job);
  let last = after;
  while (!signal.aborted) {
    const bell = job.bell();
    const heard = bell?.count() ?? 0;
    const progress = job.jobs.progress(job.id); // before the lines: when it has ended, no more of them can come
    if (!progress) return; // removed meanwhile
    for await (const batch of batchesBehind(last, { job, progress, lines })) {
      yield batch;
      last = lastOf(batch);
      if (signal.aborted) return;
    }
    if (progress.state === "ended" || !follow || !bell) return;
    await bell.since(heard, signal);
  }
}

export const toEvents = (batch: Batch): JobEvent[] => {
  if (Array.isArray(batch)) return batch;
  const { source, firstId, bytes } = batch;
  const texts = bytes.toString("utf8").split("\n").slice(0, -1);
  return texts.map((data, index) => ({ id: firstId + index, type: source, data }));
};

const lastOf = (batch: Batch): number =>
  Array.isArray(batch) ? (batch.at(-1)?.id ?? 0) : batch.firstId + batch.count - 1;

type Sight = { job: Watched; progress: Progress; lines: ReturnType<typeof createLines> };

/** What there is now behind event `last`. */
async function* batchesBehind(last: number, { job, progress, lines }: Sight): AsyncGenerator<Batch> {
  const moves = statusEvents(progress);
  const fresh = moves.filter(({ id }) => id > last);
  if (fresh.length > 0) yield fresh;
  const ran = progress.startedAt !== null;
  if (ran) yield* lines.behind(last);
  if (progress.state !== "ended") return;
  const id = await lastIdOf(job.folder, progress);
  if (id > last) yield [{ id, type: "done", data: await job.done() }];
}

/** The id of the last event of a job that has ended. */
export const lastIdOf = async (folder: JobFolder, progress: Omit<Progress, "stopReason">): Promise<number> => {
  if (progress.startedAt === null) return 1 + statusEvents(progress).length;
  await using journal = await readJournal(folder.journal, firstLineId);
  return 1 + (await journal.lastId());
};

/** A job that has its image pulled says so in the place of `starting`: the numbers of events stay the same. */
const statusEvents = ({ createdAt, claimedAt, startedAt, pullMs }: Omit<Progress, "stopReason">): JobEvent[] =>
  [
    { status: "pending", at: createdAt },
    { status: pullMs === null ? "starting" : "pulling", at: claimedAt },
    { status: "running", at: startedAt },
  ].flatMap(({ status, at }, index) =>
    at === null
      ? []
      : [{ id: index + 1, type: "status", data: JSON.stringify({ status, at: new Date(at).toISOString() }) }],
  );

/** The lines of a job's files, in the order of its journal. Opened when the first is asked for. */
const createLines = ({ id: jobId, folder }: Watched) => {
  const stack = new AsyncDisposableStack();
  const files = new Map<Source, FileHandle>();
  let journal: Awaited<ReturnType<typeof readJournal>> | undefined;
  const openOnce = async (from: number) => (journal ??= stack.use(await readJournal(folder.journal, from)));
  const fileOf = async (source: Source): Promise<FileHandle | undefined> => {
    const known = files.get(source);
    if (known) return known;
    const file = await openReadable(pathOf(folder, source));
    if (file) files.set(source, stack.use(file));
    return file;
  };

  const block = Buffer.allocUnsafeSlow(usualBytes); // used again and again: garbage of many readers would fill the memory
  const room = (size: number): Buffer => (size <= usualBytes ? block.subarray(0, size) : Buffer.allocUnsafe(size));

  return {
    /** All that are there now, some at a time. */
    async *behind(last: number): AsyncGenerator<Batch> {
      const segments = await openOnce(Math.max(last + 1, firstLineId));
      for (let segment = await segments.next(); segment; segment = await segments.next()) {
        if (segment.firstId + segment.count <= last + 1) continue; // known already
        const skipped = Math.max(0, last + 1 - segment.firstId);
        yield isLong(segment)
          ? [pointer(jobId, segment)]
          : await readLines(segment, { jobId, file: await fileOf(segment.source), skipped, room });
      }
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};

const usualBytes = 65_536; // of a segment that is not one long line

const pathOf = (folder: JobFolder, source: Source): string =>
  ({ output: folder.output, stderr: folder.stderr, hook: folder.hookLog })[source];

/** No event is larger than 1 MiB, framing included: clients have limits of their own. */
const largestData = 1_000_000;

/** As an event: what is no UTF-8 grows as text, and each carriage return begins another line. */
const sizeOf = (bytes: Buffer): number => {
  let size = isUtf8(bytes) ? bytes.length : 3 * bytes.length;
  for (let at = bytes.indexOf(carriageReturn); at !== -1; at = bytes.indexOf(carriageReturn, at + 1))
    size += "data: ".length;
  return size;
};

const carriageReturn = 13;

const isLong = ({ start, end }: Segment): boolean => end - start > largestData;

type Part = { jobId: string; file: FileHandle | undefined; skipped: number; room: (size: number) => Buffer };

const readLines = async (segment: Segment, { jobId, file, skipped, room }: Part): Promise<Batch> => {
  const { source, firstId, start, end, count } = segment;
  const bytes = room(end - start);
  const length = (await file?.read(bytes, 0, bytes.length, start))?.bytesRead ?? 0;
  if (sizeOf(bytes.subarray(0, length)) > largestData) return [pointer(jobId, segment)];
  const isWhole = length === bytes.length && bytes.at(-1) === lineFeed && countFeeds(bytes) === count;
  if (isWhole)
    return {
      source,
      firstId: firstId + skipped,
      count: count - skipped,
      bytes: bytes.subarray(behindLines(bytes, skipped)),
    };
  // The last line of all, or a file that is gone, or that the agent has cut short or written over.
  const texts = bytes.toString("utf8", 0, length).split("\n");
  const ids = Array.from({ length: count }, (_, index) => firstId + index).slice(skipped);
  return ids.map((id) => ({ id, type: source, data: texts[id - firstId] ?? "" }));
};

/** Where the line begins that has so many before it. */
const behindLines = (bytes: Buffer, count: number): number => {
  let at = 0;
  for (let line = 0; line < count; line += 1) at = bytes.indexOf(lineFeed, at) + 1;
  return at;
};

/** Stands for a line that is too long: where it is found in `GET /jobs/{id}/logs`. */
const pointer = (jobId: string, { firstId, source, start, end }: Segment): JobEvent => {
  const stream = ({ output: "stdout", stderr: "stderr", hook: "hooks" } as const)[source];
  const data = JSON.stringify({ type: "stromboli_long_line", job_id: jobId, stream, start, end, bytes: end - start });
  return { id: firstId, type: source, data, place: { start, end } };
};
