import { constants } from "node:fs";
import { open, opendir, type FileHandle } from "node:fs/promises";

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;
const mostFolders = 1000;

/**
 * Opens the transcript of a session in its agent's HOME; nothing when there is none. The agent may have put anything
 * there, and may swap it while we look: each folder is opened in the one before, so that no link is ever followed.
 */
export const openTranscript = async (home: string, id: string): Promise<FileHandle | undefined> => {
  await using projects = await openFolder(home, [".claude", "projects"]);
  if (!projects) return undefined;
  for await (const name of namesIn(projects)) {
    await using project = await openIn(projects, name, O_DIRECTORY);
    const file = project && (await openFile(project, `${id}.jsonl`));
    if (file) return file;
  }
  return undefined;
};

const openFolder = async (path: string, names: readonly string[]): Promise<FileHandle | undefined> => {
  let folder = await openPath(path, O_DIRECTORY);
  for (const name of names) {
    await using outer = folder;
    folder = outer && (await openIn(outer, name, O_DIRECTORY));
  }
  return folder;
};

/** The CLI makes one folder for each workdir; an agent can make millions. */
async function* namesIn(folder: FileHandle): AsyncGenerator<string> {
  let count = 0;
  for await (const { name } of await opendir(pathOf(folder))) {
    yield name;
    count += 1;
    if (count === mostFolders) return;
  }
}

const openFile = async (folder: FileHandle, name: string): Promise<FileHandle | undefined> => {
  await using stack = new AsyncDisposableStack();
  const file = await openIn(folder, name, 0);
  if (!file) return undefined;
  stack.use(file);
  if (!(await file.stat()).isFile()) return undefined;
  stack.move();
  return file;
};

const pathOf = ({ fd }: FileHandle): string => `/proc/self/fd/${fd}`;

const openIn = (folder: FileHandle, name: string, flags: number): Promise<FileHandle | undefined> =>
  openPath(`${pathOf(folder)}/${name}`, flags);

/** A pipe without a writer would hold us up for ever, but for O_NONBLOCK. */
const openPath = (path: string, flags: number): Promise<FileHandle | undefined> =>
  open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | flags).catch(unlessOdd);

/** Not there, a link, a socket, no folder, or closed to us: no transcript. */
const odd = new Set(["ENOENT", "ELOOP", "ENXIO", "ENODEV", "ENOTDIR", "EACCES", "EPERM"]);

const unlessOdd = (error: unknown): undefined => {
  if (!(error instanceof Error && "code" in error && odd.has(String(error.code)))) throw error;
};
