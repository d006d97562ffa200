import { mkdtemp, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StromboliError, unlessMissing } from "../errors.ts";
import { readPlaces } from "./info.ts";
import { endOrphans } from "./orphans.ts";
import type { Podman } from "./podman.ts";

type Places = { store: string; downloads: string };
export type Room = ReturnType<typeof createRoom>;

type Options = {
  podman: Pick<Podman, "output">;
  keepFree: number;
  /** Names what is this daemon's. */
  mark: string;
  /** Where a daemon tells the next one of the folder with its downloads: to ask Podman takes a second of CPU. */
  note: string;
  freeAt?: (path: string) => Promise<number>;
};

const lookEveryMs = 1000;

/** Where Podman keeps images, and what it downloads on the way there. */
export const createRoom = ({ podman, keepFree, mark, note, freeAt = freeBytes }: Options) => {
  const prefix = `stromboli-pull-${mark}-`;
  const clear = once(async (): Promise<void> => {
    const downloads = await readFile(note, "utf8").catch(unlessMissing);
    if (downloads === undefined) return;
    await endOrphans("pull", new RegExp(`^TMPDIR=.*/${prefix}`)); // of a daemon that was killed: nobody hears them
    await tidy(downloads, prefix);
  });
  const places = once(async (): Promise<Places> => {
    await clear();
    const { graphRoot: store, imageCopyTmpDir: downloads } = await readPlaces(podman);
    await writeFile(note, downloads);
    return { store, downloads };
  });

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
    clear,
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

/** Does it for the first who asks; what fails is tried again for the next. */
const once = <Value>(work: () => Promise<Value>): (() => Promise<Value>) => {
  let done: Promise<Value> | undefined;
  return () => {
    done ??= work();
    done.catch(() => (done = undefined));
    return done;
  };
};

/** Removes what a daemon that was killed has left; before the first download, when none of this one's is there. */
const tidy = async (downloads: string, prefix: string): Promise<void> => {
  const names = (await readdir(downloads).catch(unlessMissing)) ?? [];
  const left = names.filter((name) => name.startsWith(prefix));
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
