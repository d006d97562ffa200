import { closeSync, constants, fstatSync, openSync, readFileSync, readlinkSync, readSync } from "node:fs";
import { StromboliError } from "../errors.ts";
import { whyNothingBelow, type Guarded } from "../policy/guarded.ts";
import type { VolumeRules } from "../policy/volumes.ts";
import type { Config } from "../schema/config.ts";
import { foresee, lookAt, orNothing, realPath } from "./host-path.ts";

/** What policy needs to know of this machine's folders, found out anew for each run. `own`: what is Stromboli's. */
export const createVolumeRules =
  ({ policy }: Config, own: readonly string[]) =>
  (): VolumeRules => ({
    allowed: policy.volumes.flatMap((entry) => {
      const real = lookAt(pathOf(entry))?.real;
      return real === undefined ? [] : [{ path: real, readOnly: entry.endsWith(":ro") }];
    }),
    guarded: guardedBy(own),
    resolve: lookAt,
    foresee: policy.create_missing ? foresee : () => undefined,
    read: readShort,
  });

const longestRead = 1_048_576;

/** What has been replaced by a link, a pipe or a larger file since it was looked at is nothing to read. */
const readShort = (real: string): string | undefined =>
  orNothing(() => {
    const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
    const file = openSync(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK); // a pipe would be waited for
    try {
      const stat = fstatSync(file);
      if (!stat.isFile() || stat.size > longestRead || readlinkSync(`/proc/self/fd/${file}`) !== real) return undefined;
      const bytes = Buffer.alloc(stat.size);
      return bytes.toString("utf8", 0, readSync(file, bytes));
    } finally {
      closeSync(file);
    }
  });

/** Refuses a configuration that allows what can never be mounted: whoever wrote it expects something else. */
export const checkEntries = ({ policy }: Config, own: readonly string[]): void => {
  const guarded = guardedBy(own);
  for (const entry of policy.volumes) {
    const why = whyNothingBelow(resolved(pathOf(entry)), guarded);
    if (why === undefined) continue;
    throw new StromboliError("config_invalid", `policy.volumes: ${entry} can never be mounted: it ${why}; take it out`);
  }
};

const pathOf = (entry: string): string => entry.replace(/:ro$/, "");

const guardedBy = (own: readonly string[]): Guarded => ({
  homes: homes().map(resolved),
  own: own.map(resolved),
});

const firstUser = 1000;
const nobody = 65_534;

/** The homes of root, of this user and of all who can log in; those of other daemons hold no keys of a person. */
const homes = (): string[] => {
  const own = process.env["HOME"];
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, , uid]) => isPerson(Number(uid)))
    .flatMap(([, , , , , home]) => home ?? []);
  return [...(own === undefined ? [] : [own]), ...accounts].filter((home) => home.startsWith("/"));
};

const isPerson = (uid: number): boolean =>
  uid === 0 || uid === process.getuid?.() || (uid >= firstUser && uid !== nobody);

const resolved = (path: string): string => realPath(path) ?? path; // one that is not there yet has no links
