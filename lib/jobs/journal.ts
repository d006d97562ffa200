import { closeSync, constants, fstatSync, openSync, readSync, writeSync } from "node:fs";
import { open } from "node:fs/promises";
import { unlessMissing } from "../errors.ts";

/** The files whose lines are events, by what an event of them is called. */
const sources = ["output", "stderr", "hook"] as const;
export type Source = (typeof sources)[number];

/** `count` lines of a source, in bytes; each is an event, numbered from `firstId`. */
export type Segment = { firstId: number; source: Source; start: number; end: number; count: number };

/** The moves of a job come first and are told by its row: 1 pending, 2 starting or pulling, 3 running. */
export const firstLineId = 4;

/**
 * The order in which the lines of a job's files became events. It holds places alone, never text, so that a stream and
 * its replay read the same bytes of the same files. Records have one length: the one for an event is found by halving.
 */
export const recordBytes = 24;

const encode = ({ firstId, source, start, end, count }: Segment): Buffer => {
  const record = Buffer.alloc(recordBytes);
  record.writeUIntBE(firstId, 0, 6);
  record.writeUIntBE(start, 6, 6);
  record.writeUIntBE(end, 12, 6);
  record.writeUIntBE(count, 18, 5);
  record.writeUInt8(sources.indexOf(source), 23);
  return record;
};

const decode = (record: Buffer): Segment => ({
  firstId: record.readUIntBE(0, 6),
  start: record.readUIntBE(6, 6),
  end: record.readUIntBE(12, 6),
  count: record.readUIntBE(18, 5),
  source: sources[record.readUInt8(23)] ?? "output",
});

export type Journal = ReturnType<typeof openJournal>;

/** Opens a journal to go on with it, behind the last whole record: a daemon that died may have left half of one. */
export const openJournal = (path: string) => {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const ends: Record<Source, number> = { output: 0, stderr: 0, hook: 0 };
  let nextId = firstLineId;
  let next = 0;
  for (const { source, end, firstId, count } of segmentsOf(file)) {
    ends[source] = end;
    nextId = firstId + count;
    next += recordBytes;
  }

  return {
    /** How far a source has been taken down, in bytes. */
    endOf: (source: Source): number => ends[source],
    /** Takes down lines behind the last ones of their source; throws when the disk is full, and may then be called again. */
    append({ source, end, count }: Pick<Segment, "source" | "end" | "count">): void {
      const record = encode({ firstId: nextId, source, start: ends[source], end, count });
      if (writeSync(file, record, 0, recordBytes, next) < recordBytes)
        throw new Error("the journal of the job could not be written in full");
      next += recordBytes;
      ends[source] = end;
      nextId += count;
    },
    /** What it takes itself, in bytes. */
    size: () => next,
    close: () => closeSync(file),
  };
};

/** Every whole record of a file. */
function* segmentsOf(file: number): Generator<Segment> {
  const whole = Math.floor(fstatSync(file).size / recordBytes) * recordBytes;
  const block = Buffer.alloc(recordBytes * 4096);
  for (let from = 0; from < whole; from += block.length) {
    const length = readSync(file, block, 0, Math.min(block.length, whole - from), from);
    for (let at = 0; at < length; at += recordBytes) yield decode(block.subarray(at, at + recordBytes));
  }
}

/** Reads a journal from the segment that holds event `from` on; what is appended meanwhile is found by asking again. */
export const readJournal = async (path: string, from: number) => {
  const file = await open(path, "r").catch(unlessMissing); // one that somebody has removed is an empty one
  const count = async () => Math.floor(((await file?.stat())?.size ?? 0) / recordBytes);
  const at = async (index: number): Promise<Segment> => {
    const record = Buffer.alloc(recordBytes);
    await file?.read(record, 0, recordBytes, index * recordBytes);
    return decode(record);
  };
  /** The first record whose last event is not before `from`. */
  const find = async (low: number, high: number): Promise<number> => {
    if (low >= high) return low;
    const middle = Math.floor((low + high) / 2);
    const segment = await at(middle);
    return segment.firstId + segment.count > from ? find(low, middle) : find(middle + 1, high);
  };
  let index = await find(0, await count());

  return {
    /** The id of the last event so far. */
    async lastId(): Promise<number> {
      const records = await count();
      if (records === 0) return firstLineId - 1;
      const { firstId, count: lines } = await at(records - 1);
      return firstId + lines - 1;
    },
    /** The next segment, if there is one by now. */
    async next(): Promise<Segment | undefined> {
      if (index >= (await count())) return undefined;
      index += 1;
      return at(index - 1);
    },
    [Symbol.asyncDispose]: async () => file?.close(),
  };
};
