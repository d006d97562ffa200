import { mkdirSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { socketName } from "../lib/broker/broker.ts";
import { messageOf, storageFailure, StromboliError } from "../lib/errors.ts";
import { jobFolder } from "../lib/jobs/folder.ts";
import { longestSocketPath } from "../lib/socket.ts";

/** A state folder that is read-only, full or spoilt is the user's to mend, and no bug of ours. */
export const usable = <Value>(path: string, open: () => Value): Value => {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof StromboliError) throw cause;
    const known = storageFailure(cause);
    if (known?.code === "database_damaged") throw known;
    throw new StromboliError("config_invalid", `the state folder ${path} cannot be used: ${messageOf(cause)}`, {
      cause,
    });
  }
};

/** The state folder and what is in it, made when missing; refused where Podman or a socket could not use it. */
export const makeFolders = (path: string) => {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const state = realpathSync(path);
  const folders = { state, jobs: join(state, "jobs"), sessions: join(state, "sessions") };
  if (/[:\p{Cc}]/u.test(state)) {
    throw new StromboliError(
      "config_invalid",
      `Podman cannot mount from ${state}: set state_dir to a path without colons`,
    );
  }
  if (Buffer.byteLength(join(jobFolder(folders.jobs, "run-0123456789abcdef").broker, socketName)) > longestSocketPath) {
    throw new StromboliError(
      "config_invalid",
      `the path ${state} is too long for the sockets below it; set state_dir to a shorter one`,
    );
  }
  mkdirSync(folders.jobs, { recursive: true, mode: 0o700 });
  mkdirSync(folders.sessions, { recursive: true, mode: 0o700 });
  return folders;
};
