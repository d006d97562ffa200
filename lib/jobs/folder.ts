import { closeSync, mkdirSync, openSync, rmSync, writeFileSync } from "node:fs";
import { chmod, open, rm, stat, writeFile, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { unlessMissing } from "../errors.ts";
import { hookScriptName } from "../hooks/script.ts";
import type { Files } from "../podman/podman.ts";

export const journalName = "events.idx";

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
    journal: join(path, journalName),
    broker: join(path, "broker"),
    ociHooks: join(path, "hooks"),
    /** What Podman reads for the services beside the agent. */
    services: join(path, "services"),
    /** What the hooks of the request print, and how far they have come. */
    hookLog: join(path, "hooks.log"),
    hookState: join(path, "hooks.state"),
  };
};

/** Makes the folder with its input, anew when an earlier try got no container; nobody but the daemon's user may look in. */
export const fillFolder = (folder: JobFolder, input: string): void => {
  rmSync(folder.path, { recursive: true, force: true });
  mkdirSync(folder.path, { mode: 0o700 });
  mkdirSync(folder.broker);
  writeFileSync(folder.input, input, { mode: 0o600 });
  writeFileSync(folder.output, "", { mode: 0o600 });
  writeFileSync(folder.stderr, "", { mode: 0o600 });
  writeFileSync(folder.journal, "", { mode: 0o600 });
};

/** The container's environment goes to Podman in a file; it holds the handle. */
export const writeEnv = (folder: JobFolder, env: string): Promise<void> => writeFile(folder.env, env, { mode: 0o600 });

/** What runs before the agent, where the container finds it; and the files that take what it says. */
export const writeHookScript = async ({ broker, hookLog, hookState }: JobFolder, script: string): Promise<void> => {
  const path = join(broker, hookScriptName);
  await writeFile(path, script);
  await chmod(path, 0o644); // for the agent's user
  await Promise.all([hookLog, hookState].map((file) => writeFile(file, "", { mode: 0o600 })));
};

/** The container's standard streams, to be disposed of once Podman has inherited them. */
export const openFiles = (folder: JobFolder, { hooks }: { hooks: boolean }): Files & Disposable => {
  using stack = new DisposableStack();
  const own = (path: string, flags: string) => stack.adopt(openSync(path, flags), closeSync);
  const files = {
    stdin: own(folder.input, "r"),
    stdout: own(folder.output, "a"),
    stderr: own(folder.stderr, "a"),
    extra: hooks ? [own(folder.hookLog, "a"), own(folder.hookState, "a")] : [],
  };
  const owned = stack.move();
  return { ...files, [Symbol.dispose]: () => owned.dispose() };
};

/**
 * Opens a file that an agent writes to: it can reach it, and may have made it unreadable, rootless even for us. Nothing
 * when there is no such file.
 */
export const openReadable = async (path: string): Promise<FileHandle | undefined> => {
  const tryOpen = () => open(path, "r").catch(unlessMissing);
  return tryOpen().catch(async () => {
    await chmod(path, 0o600);
    return tryOpen();
  });
};

const blockBytes = 512; // what st_blocks counts in, whatever the file system

/** What the lasting files take on the disk, in bytes; a folder that was never made takes nothing. */
export const bytesOf = async (folder: JobFolder): Promise<number> => {
  const sizes = [folder.output, folder.stderr, folder.hookLog, folder.journal].map(async (path) => {
    const found = await stat(path).catch(() => undefined);
    return (found?.blocks ?? 0) * blockBytes;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};

/** After the end only what was printed and the journal stay. */
export const keepOutput = async (folder: JobFolder): Promise<void> => {
  await Promise.all(
    [folder.input, folder.env, folder.broker, folder.ociHooks, folder.services, folder.hookState].map((path) =>
      rm(path, { recursive: true, force: true }),
    ),
  );
};
