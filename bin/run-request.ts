import { resolve } from "node:path";
import type { RunRequest } from "../lib/schema/run.ts";
import { withoutUndefined } from "../lib/given.ts";
import { exitCodes, Failure } from "./failure.ts";

export type RunFlags = {
  model?: string;
  image?: string;
  volume?: string[];
  workdir?: string;
  session?: string;
  resume?: true;
  fork?: true;
  memory?: string;
  cpus?: string;
  timeout?: string;
  env?: string[];
  secret?: string[];
  onCreate?: string[];
  postCreate?: string[];
  postStart?: string[];
  hooksTimeout?: string;
  compose?: string;
  service?: string;
  keepServices?: true;
  network?: "none" | "full";
  maxTurns?: string;
  maxBudgetUsd?: string;
  allowedTools?: string[];
  permissionMode?: string;
  yolo?: true;
  demo?: true;
  priority?: string;
  label?: string[];
  webhook?: string;
};

type Caller = { cwd: () => string; env: NodeJS.ProcessEnv };

/** The request that a command line means. Pure but for what `caller` says; the daemon checks the values. */
export const requestFrom = (prompt: string, flags: RunFlags, caller: Caller): RunRequest => ({
  prompt,
  ...withoutUndefined({
    workdir: flags.workdir,
    demo: flags.demo,
    priority: numberFrom("--priority", flags.priority),
    labels: flags.label && Object.fromEntries(flags.label.map((pair) => pairFrom("--label", pair))),
    webhook_url: flags.webhook,
  }),
  claude: {
    include_partial_messages: true,
    ...withoutUndefined({
      model: flags.model,
      session_id: flags.session,
      resume: flags.session === undefined ? undefined : flags.resume,
      continue: flags.session === undefined ? flags.resume : undefined,
      fork_session: flags.fork,
      max_turns: numberFrom("--max-turns", flags.maxTurns),
      max_budget_usd: numberFrom("--max-budget-usd", flags.maxBudgetUsd),
      allowed_tools: flags.allowedTools,
      permission_mode: flags.permissionMode as Mode, // the daemon knows the modes and names them in its refusal
      dangerously_skip_permissions: flags.yolo,
    }),
  },
  podman: withoutUndefined({
    image: flags.image,
    volumes: flags.volume?.map((volume) => volumeFrom(volume, caller.cwd())),
    memory: flags.memory,
    cpus: flags.cpus,
    timeout: flags.timeout,
    env: flags.env && Object.fromEntries(flags.env.map((pair) => envFrom(pair, caller.env))),
    secrets_env: flags.secret && Object.fromEntries(flags.secret.map((pair) => pairFrom("--secret", pair))),
    network: flags.network,
    lifecycle: lifecycleFrom(flags),
    environment: environmentFrom(flags, caller.cwd()),
  }),
});

const lifecycleFrom = ({ onCreate, postCreate, postStart, hooksTimeout }: RunFlags) => {
  const lifecycle = withoutUndefined({
    on_create_command: onCreate,
    post_create: postCreate,
    post_start: postStart,
    hooks_timeout: hooksTimeout,
  });
  return Object.keys(lifecycle).length > 0 ? lifecycle : undefined;
};

const environmentFrom = ({ compose, service, keepServices }: RunFlags, cwd: string) => {
  if (compose !== undefined)
    return withoutUndefined({ type: "compose" as const, path: resolve(cwd, compose), service, keep: keepServices });
  const flag = service === undefined ? keepServices && "--keep-services" : "--service";
  if (flag) throw new Failure(`${flag} goes with --compose FILE`, exitCodes.usage);
  return undefined;
};

type Mode = NonNullable<NonNullable<RunRequest["claude"]>["permission_mode"]> | undefined;

/** `.` and `./src:/src` are relative to where the command was typed; a folder alone goes to /workspace. */
const volumeFrom = (text: string, cwd: string): string => {
  const [host = "", target = "/workspace", ...options] = text.split(":");
  if (host === "") throw new Failure(`--volume ${text}: no folder is named; . is the current one`, exitCodes.usage);
  return [resolve(cwd, host), target, ...options].join(":");
};

const envFrom = (text: string, env: NodeJS.ProcessEnv): readonly [string, string] => {
  if (text.includes("=")) return pairFrom("--env", text);
  const value = env[text];
  if (value === undefined)
    throw new Failure(`--env ${text}: there is no such variable here to pass on; write ${text}=value`, exitCodes.usage);
  return [text, value];
};

const pairFrom = (flag: string, text: string): readonly [string, string] => {
  const at = text.indexOf("=");
  if (at < 1) throw new Failure(`${flag} ${text}: write it as NAME=value`, exitCodes.usage);
  return [text.slice(0, at), text.slice(at + 1)];
};

export const numberFrom = (flag: string, text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value))
    throw new Failure(`${flag} ${text}: that is not a number`, exitCodes.usage);
  return value;
};
