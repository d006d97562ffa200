import { existsSync, readdirSync } from "node:fs";
import { chown, constants, cp, lstat, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Conversation } from "./agent/flags.ts";
import { StromboliError } from "./errors.ts";
import { defaultWorkdir } from "./policy/plan.ts";
import type { RunRequest } from "./schema/run.ts";
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
  const known = (id: string) => {
    const session = store.find(id);
    if (!session) throw new StromboliError("session_not_found", `there is no session ${id}`);
    return session;
  };

  return {
    /** Decides which session a request means; throws `session_not_found` or `session_exists`. */
    choose({ claude, workdir = defaultWorkdir }: RunRequest): Choice {
      const { session_id: given, resume, continue: goOn, fork_session: fork, no_persistence } = claude ?? {};
      checkCombination({ given, resume, goOn, fork, no_persistence });
      const old = resume && given !== undefined ? known(given).id : goOn ? store.newestIn(workdir)?.id : undefined;
      if (old !== undefined && !fork) return { id: old, isNew: false, keep: true, from: undefined };
      if (!resume && given !== undefined && store.find(given))
        throw new StromboliError("session_exists", `session ${given} exists already`);
      const id = !resume && given !== undefined ? given : crypto.randomUUID();
      return { id, isNew: true, keep: !no_persistence, from: old };
    },

    /** Makes the folders ready for the container's user; true when files of another user have to be given to it. */
    async prepare({ id, from }: Choice, user: string): Promise<SessionFolders & { handOver: boolean }> {
      const folders = foldersOf(id);
      await mkdir(join(folder, id), { recursive: true, mode: 0o700 });
      if (from !== undefined && !existsSync(folders.home)) await copy(foldersOf(from), folders);
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

    removeFiles: (id: string) => rm(join(folder, id), { recursive: true, force: true }),
  };
};

/** The CLI keeps a transcript below a folder that is named after the workdir of its first run. */
const hasTranscript = (home: string, id: string): boolean => {
  const projects = join(home, ".claude/projects");
  return (
    existsSync(projects) && readdirSync(projects).some((project) => existsSync(join(projects, project, `${id}.jsonl`)))
  );
};

type Wish = {
  given: string | undefined;
  resume: boolean | undefined;
  goOn: boolean | undefined;
  fork: boolean | undefined;
  no_persistence: boolean | undefined;
};

const checkCombination = ({ given, resume, goOn, fork, no_persistence }: Wish): void => {
  const wrong =
    (resume && given === undefined && "claude.resume needs claude.session_id: the session to continue") ||
    (goOn &&
      (resume || given !== undefined) &&
      "claude.continue picks the session itself; leave out session_id and resume") ||
    (fork && !resume && !goOn && "claude.fork_session needs resume: true, or continue: true") ||
    (no_persistence &&
      (resume || goOn) &&
      "claude.no_persistence cannot continue a session; leave out resume and continue");
  if (wrong) throw new StromboliError("invalid_request", wrong);
};

/** Links stay links: following one that an agent planted would copy the host's files into a container. */
const copy = async (from: SessionFolders, to: SessionFolders): Promise<void> => {
  const options = {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    mode: constants.COPYFILE_FICLONE,
  } as const;
  await Promise.all([cp(from.home, to.home, options), cp(from.workspace, to.workspace, options)]);
};

/** A folder that belongs to the container's user; true when it belonged to someone else, with all that is in it. */
const give = async (path: string, { uid, gid }: { uid: number; gid: number }): Promise<boolean> => {
  const made = await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid: owner } = await lstat(path);
  if (owner === uid) return false;
  if (made === undefined) return true;
  await chown(path, uid, gid);
  return false;
};
