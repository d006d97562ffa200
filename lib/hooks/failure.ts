import { tailOf } from "../jobs/output.ts";
import { lastLine } from "../podman/podman.ts";
import type { Hooks } from "./plan.ts";
import type { Hook, HookState } from "./state.ts";

/** Why a run ended before its agent began: a hook failed, or `late`, they took too long together. */
export type HookFailure = { error: string; /** The last of what the hooks printed. */ text: string };

type Ended = { hooks: Hooks | undefined; state: HookState | undefined; late: boolean; log: string };

/** In words, with the hook and how it ended; undefined when no hook is to blame. */
export const hookFailure = async ({ hooks, state, late, log }: Ended): Promise<HookFailure | undefined> => {
  if (!hooks || !state || state.state === "done" || (state.state === "running" && !late)) return undefined;
  const text = withoutMarks(await tailOf(log).catch(() => ""));
  const why = state.state === "failed" ? failed(hooks, state) : tookTooLong(hooks, state.last);
  const words = lastLine(text);
  return { error: words ? `${why}; its last words: ${words}` : why, text };
};

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
