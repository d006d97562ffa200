import { lstat, opendir } from "node:fs/promises";
import { join } from "node:path";

const blockBytes = 512; // what lstat counts in, whatever the file system's own blocks are
const atOnce = 32;

/**
 * What is in a folder, in bytes on the disk. Agents own what is there: links are not followed, nothing but folders is
 * opened, and what vanishes or is closed to us counts as nothing.
 */
export const bytesBelow = async (path: string, signal: AbortSignal): Promise<number> => {
  let bytes = 0;
  const folders = [path]; // no recursion: an agent can nest folders as deep as it likes
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entries of entriesOf(folder)) {
      signal.throwIfAborted();
      const looked = await Promise.all(entries.map(look));
      for (const entry of looked) bytes += entry.bytes;
      folders.push(...looked.filter(({ isFolder }) => isFolder).map((entry) => entry.path));
    }
  }
  return Math.round(bytes);
};

/** In portions, as a folder may hold millions. */
async function* entriesOf(folder: string): AsyncGenerator<string[]> {
  let entries: string[] = [];
  try {
    for await (const { name } of await opendir(folder, { bufferSize: atOnce })) {
      if (entries.push(join(folder, name)) < atOnce) continue;
      yield entries;
      entries = [];
    }
  } catch {
    // vanished, or closed to us
  }
  yield entries;
}

const look = async (path: string) => {
  const stat = await lstat(path).catch(() => undefined);
  if (!stat) return { path, bytes: 0, isFolder: false };
  const isFolder = stat.isDirectory();
  const names = isFolder ? 1 : stat.nlink; // a file with two names is met twice
  return { path, bytes: (stat.blocks * blockBytes) / names, isFolder };
};
