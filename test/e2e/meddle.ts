import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Owner } from "./harness.ts";
import { makePlace } from "./place.ts";
import { until } from "./wait.ts";

/** The other end of meddle-preload.ts: `env` is for a daemon, the rest is what happens in it. */
export const makeMeddler = (t: Owner) => {
  const place = makePlace();
  t.after(async () => place[Symbol.dispose]());
  const folder = join(place.folder, "meddle");
  mkdirSync(folder);
  const file = (name: string) => join(folder, name);
  return {
    env: { MEDDLE: folder, NODE_OPTIONS: `--import=${join(import.meta.dirname, "meddle-preload.ts")}` },
    /** Sets the daemon's clock wrong by so many milliseconds. */
    setClock: (byMs: number) => writeFileSync(file("clock"), String(byMs)),
    /** Lets no job's output be read at its end until it is released. */
    holdEnds: () => writeFileSync(file("hold"), ""),
    untilHeld: () => until("a job at its end", () => existsSync(file("held"))),
    release: () => rmSync(file("hold")),
  };
};
