import type { CliFinder } from "./agent/binary.ts";
import type { Credential } from "./credentials.ts";
import { messageOf } from "./errors.ts";
import type { Podman } from "./podman/podman.ts";
import type { Component, Warning } from "./schema/health.ts";
import type { Db } from "./store/database.ts";

type Deps = {
  podman: Podman;
  db: Db;
  cli: CliFinder;
  credential: () => Credential | undefined;
  /** What is known to be less than it should be, without a wait. */
  warnings: () => readonly Warning[];
  /** Whether the daemon is about to end and takes nothing more. */
  isDraining: () => boolean;
  now: () => number;
};
export type Health = ReturnType<typeof createHealth>;

const freshMs = 5000;

/** What the daemon depends on, looked at no more than once in five seconds. */
export const createHealth = ({ podman, db, cli, credential, warnings, isDraining, now }: Deps) => {
  let last: { at: number; components: Promise<Component[]> } | undefined;

  const check = (): Promise<Component[]> =>
    Promise.all([
      probe(
        "podman",
        async () => void (await podman.output(["version", "--format={{.Client.Version}}"], { timeoutMs: 10_000 })),
      ),
      probe("database", () => void db.exec("update probe set at = at + 1")), // a full disk shows in writing alone
      probe("claude", () => {
        if (!cli.glibc()) throw new Error("the claude CLI is not installed; run npm ci, or set claude.binary");
        if (!credential()) throw new Error("no credentials; set ANTHROPIC_API_KEY, or run stromboli login");
      }),
    ]);

  return {
    isDraining,
    warnings,
    components(): Promise<Component[]> {
      if (!last || now() - last.at >= freshMs) last = { at: now(), components: check() };
      return last.components;
    },
  };
};

const probe = async (name: string, look: () => void | Promise<void>): Promise<Component> => {
  try {
    await look();
    return { name, status: "ok" };
  } catch (error) {
    return { name, status: "error", error: messageOf(error) };
  }
};
