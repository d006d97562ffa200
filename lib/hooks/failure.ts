import { withoutUndefined } from "../given.ts";
import { tailOf } from "../jobs/output.ts";
import { lastLine } from "../podman/podman.ts";
import type { Hooks } from "./plan.ts";
import type { Hook, HookState } from "./state.ts";

/** Hooks that a run did not come past. */
export type HookFailure = {
  /** Why, where it was a hook that failed, or `late`, that they took too long together. */
  error?: string;
  /** The one at work, if any was. */
  hook?: string;
  /** The last of what the hooks printed. */
  text: string;
};

type Ended = { hooks: Hooks | undefined; state: HookState | undefined; late: boolean; log: string };

/** In words, with the hook and how it ended; undefined when the agent has begun, or not even a hook. */
export const hookFailure = async ({ hooks, state, late, log }: Ended): Promise<HookFailure | undefined> => {
  if (!hooks || !state || state.state === "done" || (!state.last && !late)) return undefined;
  const text = withoutMarks(await tailOf(log).catch(() => ""));
  const hook = state.last && described(hooks, state.last);
  const why = state.state === "failed" ? failed(hooks, state) : late ? tookTooLong(hooks, state.last) : undefined;
  return { ...withoutUndefined({ hook, error: why && withLastWords(why, lastLine(text)) }), text };
};

const withLastWords = (why: string, words: string): string => (words ? `${why}; its last words: ${words}` : why);

const failed = (hooks: Hooks, { last, exitCode }: { last: Hook; exitCode: number }): string =>
  `the hook ${described(hooks, last)} failed with exit code ${exitCode}`;

const tookTooLong = (hooks: Hooks, last: Hook | undefined): string => {
  const atWork = last ? `; ${described(hooks, last)} was at work` : "";
  return `the hooks took longer than hooks_timeout, ${hooks.timeoutMs / 1000} s${atWork}`;
};

/** Such as post_start[0] (make). */
const described = ({ lists }: Hooks, { name, index }: Hook): string => {
  const [command = ""] = lists.find((list) => list.name === name)?.commands[index]?.split("\n") ?? [];
  return `${name}[${index}] (${command.slice(0, longestCommand)})`;
};

const longestCommand = 200;

const withoutMarks = (text: string): string => text.replaceAll(/\{"type":"stromboli_hook".*\n?/g, "");
