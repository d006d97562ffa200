import { cliArguments, cliEnvironment, type Conversation } from "../agent/flags.ts";
import type { Credential } from "../credentials.ts";
import { hookScriptName } from "../hooks/script.ts";
import type { ContainerSpec, Mount } from "../podman/argv.ts";
import type { Config } from "../schema/config.ts";
import type { RunRequest } from "../schema/run.ts";
import { bytesOf, millisecondsOf } from "../schema/units.ts";
import { variablesOf, type JobTrace } from "../traces/trace.ts";
import { attachment, namedMounts } from "../compose/spec.ts";
import { envFile } from "./env-file.ts";
import { contains } from "./host-path.ts";
import type { Machine, Plan } from "./plan.ts";
import { home } from "./volumes.ts";

const brokerFolder = "/opt/stromboli";
/** Where the CLI is mounted. */
export const cliPath = "/opt/claude/claude";

/** What is known of a run once its job exists. */
export type Placement = {
  jobId: string;
  /** The name of its services' stack, if it has any. */
  stack: string;
  container: string;
  imageId: string;
  imagePath: string;
  binary: string;
  conversation: Conversation;
  credential: Credential["kind"];
  folders: { home: string; workspace: string; broker: string; envFile: string; ociHooks: string };
  /** The session's files belong to another uid: have Podman hand them over. */
  handOver: boolean;
  tcpPort: number | undefined;
  handle: string;
  trace: JobTrace | undefined;
};

type Context = { config: Config; machine: Machine; placement: Placement };

/** The container of a plan. Pure. */
export const planContainer = (
  request: RunRequest,
  plan: Plan,
  { config, machine, placement }: Context,
): ContainerSpec => {
  const { memoryBytes, cpus, cpuShares, pids, timeoutMs } = plan.limits;
  const { mounts, make } = planMounts(plan, placement);
  const cli = [cliPath, ...cliArguments(withDefaults(request, config), placement.conversation)];
  const command = plan.hooks ? ["/bin/sh", `${brokerFolder}/${hookScriptName}`, ...cli] : cli;
  return {
    name: placement.container,
    labels: { "stromboli.state": machine.stateLabel, "stromboli.job": placement.jobId },
    image: placement.imageId,
    command: make
      ? ["/bin/sh", "-c", 'mkdir -p -- "$0" && cd -- "$0" && exec "$@"', plan.workdir, ...command]
      : command,
    workdir: make ? "/" : plan.workdir,
    user: plan.user,
    keepId: machine.rootless,
    envFile: placement.folders.envFile,
    secrets: plan.secrets,
    mounts,
    readOnly: plan.readOnly,
    tmpBytes: bytesOf(config.podman.tmp_size),
    networks: networksOf(plan, placement.stack),
    memoryBytes,
    cpus,
    cpuShares,
    pids,
    lastResortSeconds: Math.ceil((timeoutMs + 2 * millisecondsOf(config.podman.stop_grace)) / 1000) + 10,
    selinux: machine.selinux,
    ociHooks: plan.volumes.length > 0 ? placement.folders.ociHooks : undefined,
    extraFiles: plan.hooks ? 2 : 0,
  };
};

/** The container's environment, one NAME=value a line: the run's own first, so that ours cannot be replaced but for its trace. */
export const planEnvironment = (
  request: RunRequest,
  { config, placement, env }: Omit<Context, "machine"> & Pick<Plan, "env">,
): string => {
  const variables = {
    ...traceVariables(request, { placement, env }),
    ...env,
    ...cliEnvironment(request.claude ?? {}),
    HOME: home,
    PATH: `${home}/.local/bin:${placement.imagePath}`, // where `pip install --user` and the like put their commands
    LANG: "C.UTF-8",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: String(config.claude.max_retries),
    ...(placement.tcpPort === undefined
      ? { ANTHROPIC_UNIX_SOCKET: `${brokerFolder}/api.sock`, ANTHROPIC_BASE_URL: "http://127.0.0.1" }
      : { ANTHROPIC_BASE_URL: `http://host.containers.internal:${placement.tcpPort}` }),
    [placement.credential === "oauth" ? "CLAUDE_CODE_OAUTH_TOKEN" : "ANTHROPIC_API_KEY"]: placement.handle,
  };
  return envFile(variables);
};

/** Where the agent stands in a trace; a request that tells it of another place in one knows better. */
const traceVariables = (
  { podman }: RunRequest,
  { placement: { trace }, env }: Pick<Context, "placement"> & Pick<Plan, "env">,
): Record<string, string> => {
  const given = { ...env, ...podman?.secrets_env };
  return trace && given["TRACEPARENT"] === undefined ? variablesOf(trace) : {};
};

/** Its own, as this Podman has it (a bridge, slirp4netns or pasta), or none, or those of its stack; never the host's. */
const networksOf = ({ stack, network }: Plan, name: string): readonly string[] => {
  if (stack) return stack.agent.networks.map((attached) => attachment(attached, stack.agent.service ?? "agent", name));
  return [network === "none" ? "none" : "private"];
};

const planMounts = (
  plan: Plan,
  { binary, folders, handOver, tcpPort, stack }: Placement,
): { mounts: readonly Mount[]; make: boolean } => {
  const options = handOver ? ["rw", "U"] : ["rw"];
  const { own, make } = placeWorkdir(plan);
  const mounts = [
    { source: binary, target: cliPath, options: ["ro"] },
    { source: folders.home, target: home, options },
    ...(tcpPort === undefined || plan.hooks ? [{ source: folders.broker, target: brokerFolder, options: ["ro"] }] : []),
    ...(own ? [{ source: folders.workspace, target: plan.workdir, options }] : []),
    ...plan.volumes,
    ...namedMounts(plan.stack?.agent.named ?? [], stack),
  ];
  return { mounts, make };
};

/** The workdir is the session's own folder, unless a volume, HOME or /tmp holds it; below those it is made from inside. */
export const placeWorkdir = ({
  workdir,
  volumes,
  stack,
}: Pick<Plan, "workdir" | "volumes" | "stack">): { own: boolean; make: boolean } => {
  const holders = [home, "/tmp", ...[...volumes, ...(stack?.agent.named ?? [])].map(({ target }) => target)];
  const held = holders.some((holder) => contains(holder, workdir));
  return { own: !held, make: held && !holders.includes(workdir) };
};

const withDefaults = ({ claude }: RunRequest, config: Config) => ({
  setting_sources: config.claude.setting_sources,
  ...(config.claude.model !== "" && { model: config.claude.model }),
  ...claude,
});
