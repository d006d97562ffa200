import { failure, ok, warning, type Verdict } from "./finding.ts";

export type Folder = { path: string; mode: number; own: boolean };

/** Stromboli's own folders hold prompts, answers and keys. */
export const judgeFolders = (folders: readonly Folder[]): Verdict => {
  const foreign = folders.find(({ own }) => !own);
  if (foreign)
    return failure(`${foreign.path} belongs to somebody else`, `type: sudo chown -R "$(id -un)" ${foreign.path}`);
  const open = folders.filter(({ mode }) => (mode & 0o077) !== 0).map(({ path }) => path);
  if (open.length > 0)
    return {
      ...warning(`others can look into ${open.join(", ")}`, `type: chmod 700 ${open.join(" ")}`),
      fix: { kind: "mode", paths: open, mode: 0o700 },
    };
  return ok(folders.length === 0 ? "none yet; the first start makes them" : folders.map(({ path }) => path).join(", "));
};

/** `problems`: what SQLite says is wrong. `migration`: how far the database is, and how far this build goes. */
export type DatabaseFacts =
  | { path: string; found: false }
  | { path: string; found: true; problems: readonly string[]; migration: number; known: number };

export const judgeDatabase = (facts: DatabaseFacts): Verdict => {
  if (!facts.found) return ok("none yet; the first start makes it");
  const { path, problems, migration, known } = facts;
  const [problem] = problems;
  if (problem !== undefined)
    return failure(
      `${path} is damaged: ${problem}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ""}`,
      `stop the daemon, and put a backup in its place; or save what can be with: sqlite3 ${path} .recover`,
    );
  if (migration > known)
    return failure(
      `${path} is at migration ${migration}, and this build knows ${known}`,
      "upgrade Stromboli, or set state_dir to another folder",
    );
  return ok(`whole, at migration ${migration}${migration < known ? `; the next start brings it to ${known}` : ""}`);
};

export type SocketFacts = { path: string; found: "answers" | "stale" | "none"; longest: number };

export const judgeSocket = ({ path, found, longest }: SocketFacts): Verdict => {
  if (Buffer.byteLength(path) > longest)
    return failure(`${path} is longer than ${longest} bytes, the kernel's limit`, "set server.socket to a shorter one");
  if (found === "answers") return ok(`a daemon answers at ${path}`);
  if (found === "none") return ok(`free: ${path}`);
  return {
    ...warning(`${path} is left of a daemon that was killed; the next start takes it over`, `type: rm ${path}`),
    fix: { kind: "remove", path },
  };
};

/** `error`: why it cannot be listened on. `ours`: the daemon of this state folder has it. */
export type PortFacts = { address: string; ours: boolean; error: string | undefined };

export const judgePort = ({ address, ours, error }: PortFacts): Verdict => {
  if (ours) return ok(`the daemon has ${address}`);
  if (error === undefined) return ok(`free: ${address}`);
  const remedy =
    error === "EADDRINUSE"
      ? `stop what has it (ss -ltnp shows it), or set server.port`
      : "set server.host or server.port";
  return failure(`${address} cannot be listened on (${error})`, remedy);
};
