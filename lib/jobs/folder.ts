import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Files } from "../podman/podman.ts";

/** A job's folder: what goes in, what comes out, and the door to the model. */
export type JobFolder = ReturnType<typeof jobFolder>;

export const jobFolder = (jobsFolder: string, id: string) => {
  const path = join(jobsFolder, id);
  return {
    path,
    input: join(path, "input.jsonl"),
    output: join(path, "output.jsonl"),
    stderr: join(path, "stderr.log"),
    env: join(path, "env"),
    broker: join(path, "broker"),
  };
};

/** Makes the folder with its input; nobody but the daemon's user may look in. */
export const fillFolder = (folder: JobFolder, input: string): void => {
  mkdirSync(folder.path, { mode: 0o700 });
  mkdirSync(folder.broker, { mode: 0o755 });
  writeFileSync(folder.input, input, { mode: 0o600 });
  writeFileSync(folder.output, "", { mode: 0o600 });
  writeFileSync(folder.stderr, "", { mode: 0o600 });
};

/** The container's environment goes to Podman in a file; it holds the handle. */
export const writeEnv = (folder: JobFolder, env: string): Promise<void> => writeFile(folder.env, env, { mode: 0o600 });

/** The container's standard streams, to be disposed of once Podman has inherited them. */
export const openFiles = (folder: JobFolder): Files & Disposable => {
  using stack = new DisposableStack();
  const open = (path: string, flags: string) => stack.adopt(openSync(path, flags), closeSync);
  const files = { stdin: open(folder.input, "r"), stdout: open(folder.output, "a"), stderr: open(folder.stderr, "a") };
  const owned = stack.move();
  return { ...files, [Symbol.dispose]: () => owned.dispose() };
};

/** After the end only the output stays. */
export const keepOutput = async (folder: JobFolder): Promise<void> => {
  await Promise.all(
    [folder.input, folder.env, folder.broker].map((path) => rm(path, { recursive: true, force: true })),
  );
};
