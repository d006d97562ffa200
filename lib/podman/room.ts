import { mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StromboliError } from "../errors.ts";
import { readPlaces } from "./info.ts";
import { endOrphans } from "./orphans.ts";
import type { Podman } from "./podman.ts";

type Places = { store: string; downloads: string };
export type Room = ReturnType<typeof createRoom>;

type Options = {
  podman: Pick<Podman, "output">;
  keepFree: number;
  mark: string;
  freeAt?: (path: string) => Promise<number>;
};

const lookEveryMs = 1000;

/** Where Podman keeps images, and what it downloads on the way there. `mark` names what is this daemon's. */
export const createRoom = ({ podman, keepFree, mark, freeAt = freeBytes }: Options) => {
  const prefix = `stromboli-pull-${mark}-`;
  const find = async (options: { signal?: AbortSignal }): Promise<Places> => {
    const { graphRoot: store, imageCopyTmpDir: downloads } = await readPlaces(podman, options);
    await endOrphans("pull", new RegExp(`^TMPDIR=.*/${prefix}`)); // of a daemon that was killed: nobody hears them
    await tidy(downloads, prefix);
    return { store, downloads };
  };
  let known: Promise<Places> | undefined;
  const places = (options: { signal?: AbortSignal } = {}): Promise<Places> => {
    known ??= find(options);
    known.catch(() => (known = undefined)); // it is tried again
    return known;
  };

  const check = async ({ store, downloads }: Places): Promise<void> => {
    for (const path of new Set([store, downloads])) {
      const free = await freeAt(path);
      if (free < keepFree) throw tooFull(path, free, keepFree);
    }
  };
  const watch = async (found: Places, over: AbortSignal): Promise<never> => {
    for (;;) {
      await pause(lookEveryMs, undefined, { signal: over, ref: false });
      await check(found);
    }
  };

  return {
    /** Ends and removes what a daemon that was killed has left. One that fails is made up for before the first download. */
    clear: async (signal: AbortSignal): Promise<void> => void (await places({ signal })),
    /**
     * Does work that fills the disk, in a folder for its downloads that is gone afterwards: Podman leaves there what it had
     * when it is ended. Throws `disk_full` where there is too little room, be it before or on the way.
     */
    async forDownload<Value>(work: (folder: string, full: AbortSignal) => Promise<Value>): Promise<Value> {
      const found = await places();
      await check(found);
      await using stack = new AsyncDisposableStack();
      const folder = await mkdtemp(join(found.downloads, prefix));
      stack.defer(() => rm(folder, { recursive: true, force: true }));
      const over = new AbortController();
      const full = new AbortController();
      const watching = watch(found, over.signal).catch((error: unknown) => {
        if (!over.signal.aborted) full.abort(error);
      });
      stack.defer(() => watching);
      stack.defer(() => over.abort());
      return await work(folder, full.signal);
    },
  };
};

/** Removes what a daemon that was killed has left; before the first download, when none of this one's is there. */
const tidy = async (downloads: string, prefix: string): Promise<void> => {
  const left = (await readdir(downloads)).filter((name) => name.startsWith(prefix));
  await Promise.all(left.map((name) => rm(join(downloads, name), { recursive: true, force: true })));
};

/** What an ordinary user may still take. */
export const freeBytes = async (path: string): Promise<number> => {
  const { bavail, bsize } = await statfs(path);
  return bavail * bsize;
};

const megabytes = (bytes: number): number => Math.floor(bytes / 1_048_576);

const tooFull = (path: string, free: number, keepFree: number) =>
  new StromboliError(
    "disk_full",
    `no image is pulled: ${path} has ${megabytes(free)} MiB free, and ${megabytes(keepFree)} MiB are to stay free`,
  );
