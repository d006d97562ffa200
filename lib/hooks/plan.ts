import { createHash } from "node:crypto";
import type { Lifecycle } from "../schema/run.ts";
import { millisecondsOf } from "../schema/units.ts";

export const hookNames = ["on_create_command", "post_create", "post_start"] as const;
export type HookName = (typeof hookNames)[number];

/** Commands that run one after the other, before the agent. */
export type HookList = {
  name: HookName;
  commands: readonly string[];
  /** Once in a session: what its commands are known by, once they have all succeeded. */
  once: string | undefined;
};
export type Hooks = { lists: readonly HookList[]; timeoutMs: number };

const defaultTimeoutMs = 300_000;

/** The hooks of a request, in the order in which they run; undefined when there are none. Pure. */
export const planHooks = (lifecycle: Lifecycle | null | undefined): Hooks | undefined => {
  const lists = hookNames.flatMap((name): HookList[] => {
    const commands = lifecycle?.[name] ?? [];
    if (commands.length === 0) return [];
    return [{ name, commands, once: name === "post_start" ? undefined : hashOf(commands) }];
  });
  if (lists.length === 0) return undefined;
  const given = lifecycle?.hooks_timeout;
  return { lists, timeoutMs: given === undefined ? defaultTimeoutMs : millisecondsOf(given) };
};

const hashOf = (commands: readonly string[]): string =>
  createHash("sha256").update(JSON.stringify(commands)).digest("hex");
