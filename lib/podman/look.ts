import { existsSync } from "node:fs";
import { messageOf } from "../errors.ts";
import { hasEnded } from "./containers.ts";
import type { Waiters, EndsDeps } from "./ends.ts";

/** Looks at all containers that somebody waits for, with one call of Podman while none of them has ended. */
export const createLook = ({ containers, label, log }: EndsDeps, waiters: Waiters) => {
  const suspects = new Set<string>();

  /** A Podman that cannot say is asked again later. */
  const check = async (name: string): Promise<void> => {
    const found = await containers.inspect(name).catch(() => stillThere);
    if (!found) waiters.settle(name, undefined);
    else if (hasEnded(found)) waiters.settle(name, { exitCode: found.exitCode, at: found.finishedAt });
  };

  const lookAt = async (names: readonly string[]): Promise<void> => {
    const states = await containers.states(label);
    for (const name of names.filter((expected) => waiters.waiting.has(expected))) {
      const state = states.get(name);
      if (!state || hasEnded(state)) await check(name);
      else if (!isOrphaned(state)) suspects.delete(name);
      else if (suspects.delete(name)) waiters.settle(name, undefined); // its conmon was killed, so Podman will never know
      else suspects.add(name);
    }
  };

  return async (): Promise<void> => {
    const names = waiters.names();
    if (names.length === 0) return;
    await lookAt(names).catch((error: unknown) => log.warn({ error: messageOf(error) }, "podman ps failed"));
  };
};

const stillThere = { status: "unknown", exitCode: 0, finishedAt: undefined };

/** Podman says that it runs, and its first process is gone: for a moment that is so with every end. */
const isOrphaned = ({ status, pid }: { status: string; pid: number }): boolean =>
  status === "running" && pid > 0 && !existsSync(`/proc/${pid}`);
