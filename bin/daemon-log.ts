import { on } from "node:events";
import { watch } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { exitCodes, Failure } from "./failure.ts";
import { printable } from "./line.ts";
import { write } from "./write.ts";

const blockBytes = 65_536;
const lineFeed = 10;

/** Prints the last lines of a log, and with `follow` what is written to it from then on. */
export const printLog = async (path: string, { lines, follow }: { lines: number; follow: boolean }): Promise<void> => {
  await using file = await openLog(path);
  const changes = follow ? on(watch(path), "change") : undefined; // before the first look: nothing is missed in between
  let at = await copy(file, await beginningOf(file, lines));
  if (!changes) return;
  for await (const _ of changes) {
    const { size } = await file.stat();
    at = await copy(file, size < at ? 0 : at); // it has been emptied
  }
};

const openLog = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    throw new Failure(
      `there is no log ${path}: only a daemon in the background writes one, others log on stderr`,
      exitCodes.failed,
    );
  }
};

/** Where the last lines begin. */
const beginningOf = async (file: FileHandle, lines: number): Promise<number> => {
  const { size } = await file.stat();
  if (lines === 0) return size;
  let left = lines;
  for (let end = size; end > 0; end -= blockBytes) {
    const start = Math.max(0, end - blockBytes);
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    for (let index = buffer.length - 1; index >= 0; index -= 1) {
      if (buffer[index] !== lineFeed || start + index === size - 1) continue;
      left -= 1;
      if (left <= 0) return start + index + 1;
    }
  }
  return 0;
};

/** Prints what there is from a place on, and gives where that ends. */
const copy = async (file: FileHandle, from: number): Promise<number> => {
  const decoder = new TextDecoder();
  for (let at = from; ;) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(blockBytes), 0, blockBytes, at);
    if (bytesRead === 0) return at;
    const bytes = buffer.subarray(0, bytesRead);
    await write(process.stdout, process.stdout.isTTY ? printable(decoder.decode(bytes, { stream: true })) : bytes);
    at += bytesRead;
  }
};
