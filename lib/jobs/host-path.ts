import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  readlinkSync,
  realpathSync,
} from "node:fs";
import { posix } from "node:path";
import { telltales } from "../policy/guarded.ts";
import type { HostPath, Place } from "../policy/host-path.ts";

const oPath = 0o10000000; // O_PATH, which node:fs does not name: it opens what may be neither read nor waited for
const { O_NOFOLLOW } = constants;

/** What is at a path, its links resolved; undefined when that is missing, or not ours to see. */
export const lookAt = (path: string): HostPath | undefined =>
  orNothing(() => {
    const real = realpathSync.native(path);
    using file = openPath(real);
    if (readlinkSync(file.path) !== real) return undefined; // what is on the way has just been replaced
    const stat = fstatSync(file.fd);
    return {
      real,
      kind: stat.isDirectory() ? "folder" : stat.isFile() ? "file" : "other",
      uid: stat.uid,
      gid: stat.gid,
      worldWritable: (stat.mode & worldWrite) !== 0,
      holds: stat.isDirectory() ? telltales.filter((name) => isThere(`${file.path}/${name}`)) : [],
      place: placeOf(file.fd, real),
    };
  });

const worldWrite = 0o002;

/** Where a path that is missing would lead once its folders were made; undefined where a link or `..` makes that unsure. */
export const foresee = (path: string): string | undefined =>
  orNothing(() => {
    const parent = posix.dirname(path);
    const name = posix.basename(path);
    if (name === "." || name === ".." || isThere(`${parent}/${name}`)) return undefined; // a link to nowhere is there
    const real = realPath(parent) ?? foresee(parent);
    return real === undefined ? undefined : posix.join(real, name);
  });

/** A path with its links resolved, when it leads somewhere. */
export const realPath = (path: string): string | undefined => orNothing(() => realpathSync.native(path));

/** What a look finds; undefined where it fails. */
export const orNothing = <Value>(look: () => Value): Value | undefined => {
  try {
    return look();
  } catch {
    return undefined;
  }
};

/** A file or folder that is open for its name's sake; `path` leads to it whatever becomes of the name. */
export const openPath = (path: string, flags = 0): { fd: number; path: string } & Disposable => {
  const fd = openSync(path, oPath | O_NOFOLLOW | flags);
  return { fd, path: `/proc/self/fd/${fd}`, [Symbol.dispose]: () => closeSync(fd) };
};

const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

/** The mount that an open file is in, and the way from that file system's own root to it. */
const placeOf = (fd: number, real: string): Place => {
  const [, mountId = ""] = /^mnt_id:\s*(\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, "utf8")) ?? [];
  const lines = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  const [, , device, root, point] = lines.find((line) => line.startsWith(`${mountId} `))?.split(" ") ?? [];
  if (device === undefined || root === undefined || point === undefined) throw new Error(`no mount holds ${real}`);
  const below = escapeMount(real).slice(point === "/" ? 0 : point.length);
  return { device, root: posix.join(root, below) };
};

/** A path as mountinfo writes it. */
export const escapeMount = (path: string): string =>
  path.replaceAll(/[ \t\n\\]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, "0")}`);
