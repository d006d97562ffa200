import { existsSync, lstatSync, readdirSync, type Stats } from "node:fs";
import { chmod, chown, constants, cp, lstat, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Conversation } from "./agent/flags.ts";
import { sees, type Caller } from "./auth/caller.ts";
import { StromboliError, unlessMissing } from "./errors.ts";
import { defaultWorkdir } from "./policy/plan.ts";
import type { RunRequest } from "./schema/run.ts";
import type { Job } from "./store/job-rows.ts";
import type { SessionStore } from "./store/sessions.ts";

export type SessionFolders = { home: string; workspace: string };
/** Which session a run is for; `from` is the session whose files a fork starts with. */
export type Choice = { id: string; isNew: boolean; keep: boolean; from: string | undefined };
export type Sessions = ReturnType<typeof createSessions>;

/** The conversations: a row each, and a folder each with the agent's HOME and workdir. */
export const createSessions = ({ folder, store }: { folder: string; store: SessionStore }) => {
  const foldersOf = (id: string): SessionFolders => ({
    home: join(folder, id, "home"),
    workspace: join(folder, id, "workspace"),
  });
  /** The session that a request goes on with; none to `continue` means a new one, as the CLI has it. */
  const continued = ({ claude, workdir = defaultWorkdir }: RunRequest, caller: Caller): string | undefined => {
    if (claude?.continue) return store.newestIn(caller.name, workdir)?.id;
    if (!claude?.resume || claude.session_id === undefined) return undefined;
    const session = store.find(claude.session_id);
    if (!session || !sees(caller, session.owner)) throw sessionNotFound(claude.session_id);
    return session.id;
  };
  const unused = (given: string = crypto.randomUUID()): string => {
    if (store.find(given)) throw new StromboliError("session_exists", `session ${given} exists already`);
    return given;
  };

  return {
    /** Decides which session a request means; throws `session_not_found` or `session_exists`. */
    choose(request: RunRequest, caller: Caller): Choice {
      const { session_id: given, fork_session: fork, no_persistence } = request.claude ?? {};
      const old = continued(request, caller);
      if (old === undefined) return { id: unused(given), isNew: true, keep: !no_persistence, from: undefined };
      return fork
        ? { id: crypto.randomUUID(), isNew: true, keep: true, from: old }
        : { id: old, isNew: false, keep: true, from: undefined };
    },

    /** Makes the folders ready for the container's user; true when files of another user have to be given to it. */
    async prepare({ id, from }: Choice, user: string): Promise<SessionFolders & { handOver: boolean }> {
      const folders = foldersOf(id);
      await mkdir(join(folder, id), { recursive: true, mode: 0o700 });
      if (from !== undefined) {
        await removeTree(join(folder, id)); // half a copy, of a daemon that died over it
        await mkdir(join(folder, id), { recursive: true, mode: 0o700 });
        await copy(foldersOf(from), folders);
      }
      const [uid = 0, gid = 0] = user.split(":").map(Number);
      const moved = await Promise.all([folders.home, folders.workspace].map((path) => give(path, { uid, gid })));
      return { ...folders, handOver: moved.includes(true) };
    },

    /** What the CLI is told: a session whose first run never got to a transcript is begun, not resumed. */
    conversation({ id, isNew, from }: Choice): Conversation {
      const { home } = foldersOf(id);
      if (from !== undefined && hasTranscript(home, from)) return { kind: "fork", id, from };
      return !isNew && hasTranscript(home, id) ? { kind: "resume", id } : { kind: "new", id };
    },

    /** Takes away the files of a session that is not kept, so that its id is free at once; `removeSetAside` ends them. */
    setAside: (id: string, jobId: string) =>
      rename(join(folder, id), join(folder, asideOf(jobId))).catch(unlessMissing),
    removeSetAside: (jobId: string) => removeTree(join(folder, asideOf(jobId))),
    homeOf: (id: string): string => foldersOf(id).home,
    removeFiles: (id: string) => removeTree(join(folder, id)),
  };
};

/** The same for somebody else's: who may not see it is not to know that it is there. */
export const sessionNotFound = (id: string): StromboliError =>
  new StromboliError("session_not_found", `there is no session ${id}`);

/** What was chosen for a job when it was let in. */
export const choiceOf = (job: Pick<Job, "sessionId" | "forkedFrom">, { claude }: RunRequest): Choice => ({
  id: job.sessionId,
  isNew: job.forkedFrom !== null || !(claude?.resume || claude?.continue),
  keep: !claude?.no_persistence,
  from: job.forkedFrom ?? undefined,
});

/** The CLI keeps a transcript below a folder that is named after the workdir of its first run. */
const hasTranscript = (home: string, id: string): boolean => {
  const projects = join(home, ".claude/projects");
  if (!lstatSync(projects, { throwIfNoEntry: false })?.isDirectory()) return false; // the agent may have put anything there
  return readdirSync(projects).some((project) => existsSync(join(projects, project, `${id}.jsonl`)));
};

/** Links stay links: following one that an agent planted would copy the host's files. Pipes and sockets stay behind. */
const copy = async (from: SessionFolders, to: SessionFolders): Promise<void> => {
  const options = {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
    filter: async (path: string) => isCopied(await lstat(path)),
  } as const;
  const folders = [
    [from.home, to.home],
    [from.workspace, to.workspace],
  ] as const;
  await Promise.all(
    folders.map(async ([old, fresh]) => {
      if (existsSync(old)) await cp(old, fresh, options); // none: its run was cancelled before it began
    }),
  );
};

const isCopied = (stat: Stats): boolean => stat.isFile() || stat.isDirectory() || stat.isSymbolicLink();

/** A folder that belongs to the container's user; true when it belonged to someone else, with all that is in it. */
const give = async (path: string, { uid, gid }: { uid: number; gid: number }): Promise<boolean> => {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid: owner } = await lstat(path);
  if (owner === uid) {
    if (made === undefined) await chmod(path, 0o700); // the agent may have shut itself out
    return false;
  }
  if (made === undefined) return true;
  await chown(path, uid, gid);
  return false;
};

const asideOf = (jobId: string) => `.of-${jobId}`;

/** Removes a folder, also where folders in it cannot be written to, as those of Go's module cache. */
const removeTree = async (path: string): Promise<void> => {
  const options = { recursive: true, force: true } as const;
  await rm(path, options).catch(async () => {
    await openFolders(path);
    await rm(path, options);
  });
};

const openFolders = async (path: string): Promise<void> => {
  await chmod(path, 0o700);
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (entry.isDirectory()) await openFolders(join(path, entry.name));
  }
};
