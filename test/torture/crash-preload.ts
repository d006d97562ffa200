import childProcess, { type ChildProcess } from "node:child_process";
import fs from "node:fs";
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { createCrasher } from "./crash-plan.ts";

/**
 * Loaded into a daemon before its own code, which knows nothing of it: all that the daemon does to the world (a statement
 * that writes, a file, a process) becomes a step, and it can be killed before and after each.
 */
type Callable = (...argv: unknown[]) => unknown;
/** The name of the step that a call is; undefined when it is none. */
type Namer = (self: unknown, argv: readonly unknown[]) => string | undefined;

const folder = dirname(process.env["STROMBOLI_CONFIG"] ?? "/");
const crasher = createCrasher(folder, { ...fs });

const patch = (owner: object, name: string, stepOf: Namer): void => {
  const original = Reflect.get(owner, name) as Callable; // all names below are those of functions
  const patched = function (this: unknown, ...argv: unknown[]): unknown {
    const step = stepOf(this, argv);
    if (step === undefined) return original.apply(this, argv);
    const after = crasher.begin(step);
    const result = original.apply(this, argv);
    if (result instanceof Promise) return result.finally(after);
    after();
    return result;
  };
  Object.defineProperty(owner, name, { value: patched, writable: true, configurable: true });
};

const insideOf = (path: unknown): string | undefined =>
  typeof path === "string" && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : undefined;

const fileStep = (name: string, path: unknown): string | undefined => {
  const inside = insideOf(path);
  return inside === undefined ? undefined : `file ${name} ${inside}`;
};

const patchFiles = (): void => {
  for (const name of ["chmod", "chown", "mkdir", "rename", "rm", "truncate", "writeFile"]) {
    patch(promises, name, (_, [path]) => fileStep(name, path));
    patch(fs, `${name}Sync`, (_, [path]) => fileStep(name, path));
  }
  const paths = new Map<unknown, unknown>();
  const { openSync } = fs;
  fs.openSync = (path, ...rest) => {
    const descriptor = openSync(path, ...rest);
    paths.set(descriptor, path);
    return descriptor;
  };
  patch(fs, "openSync", (_, [path, flags]) => (isWriting(flags) ? fileStep("open", path) : undefined));
  patch(fs, "writeSync", (_, [descriptor]) => fileStep("write", paths.get(descriptor)));
};

const writingFlags = fs.constants.O_CREAT | fs.constants.O_WRONLY | fs.constants.O_RDWR;
const isWriting = (flags: unknown): boolean =>
  typeof flags === "number" ? (flags & writingFlags) !== 0 : flags !== undefined && flags !== "r";

/** A copy is many steps: each entry of the folder is one. */
const patchCopy = (): void => {
  const { cp } = promises;
  promises.cp = async (from, to, options = {}) => {
    const filter = async (source: string, target: string) => {
      crasher.begin(`file copy ${insideOf(target)}`)();
      return (await options.filter?.(source, target)) ?? true;
    };
    await cp(from, to, { ...options, filter });
  };
};

const patchProcesses = (): void => {
  const { spawn } = childProcess;
  const patched = (...call: Parameters<typeof spawn>): ChildProcess => {
    const [, argv] = call;
    const step = `podman ${Array.isArray(argv) ? argv[0] : ""}`;
    const after = crasher.begin(step);
    const child = spawn(...call);
    child.once("exit", () => crasher.ended(step));
    after();
    return child;
  };
  childProcess.spawn = patched as typeof spawn; // its overloads are all one call
};

const patchDatabase = (): void => {
  const probe = new Database(":memory:");
  const statements = Object.getPrototypeOf(probe.prepare("select 1")) as object;
  probe.close();
  for (const name of ["run", "get", "all"]) {
    patch(statements, name, (self) => {
      const { source, readonly } = self as { source: string; readonly: boolean }; // a statement of better-sqlite3
      return readonly && !/^(BEGIN|COMMIT)/.test(source) ? undefined : sqlStep(source);
    });
  }
  patch(Database.prototype, "exec", (_, [sql]) => sqlStep(String(sql)));
};

const sqlStep = (sql: string): string => `sql ${sql.trim().split(/\s+/).slice(0, 6).join(" ")}`;

patchFiles();
patchCopy();
patchProcesses();
patchDatabase();
syncBuiltinESMExports(); // for those who import the functions by name
