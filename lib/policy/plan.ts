import { cliArguments, cliEnvironment, type Conversation } from "../agent/flags.ts";
import type { Credential } from "../credentials.ts";
import { StromboliError } from "../errors.ts";
import type { ContainerSpec, Mount } from "../podman/argv.ts";
import type { Config } from "../schema/config.ts";
import type { RunRequest } from "../schema/run.ts";
import { bytesOf, millisecondsOf } from "../schema/units.ts";
import { checkEnvName, checkSecretName } from "./environment.ts";
import { checkTarget, contains, planVolume, type Volume, type VolumeRules } from "./volumes.ts";

export const home = "/home/agent";
export const defaultWorkdir = "/workspace";
const brokerFolder = "/opt/stromboli";
const cliPath = "/opt/claude/claude";

/** What is true of this machine and this daemon. */
export type Machine = { rootless: boolean; uid: number; gid: number; selinux: boolean; stateLabel: string };

/** What a request comes to, before anything of it exists. Refusals are all made here. */
export type Plan = {
  image: string;
  timeoutMs: number;
  workdir: string;
  volumes: readonly Volume[];
  secrets: readonly { name: string; variable: string }[];
  network: "none" | "full";
  user: string;
};

/** What is known once the job exists. */
export type Placement = {
  jobId: string;
  container: string;
  imageId: string;
  binary: string;
  conversation: Conversation;
  credential: Credential["kind"];
  folders: { home: string; workspace: string; broker: string; envFile: string };
  /** The session's files belong to another uid: have Podman hand them over. */
  handOver: boolean;
  tcpPort: number | undefined;
  handle: string;
};

/** The plan of a request, or a refusal with a stable code. Pure, given what `rules` says of the file system. */
export const planRun = (
  request: RunRequest,
  config: Config,
  { machine, rules }: { machine: Machine; rules: VolumeRules },
): Plan => {
  const podman = request.podman ?? {};
  refuseLater(request);
  if (podman.read_only === false && !config.policy.writable_root) {
    throw new StromboliError("writable_root_not_allowed", "a writable root file system is not allowed here");
  }
  const network = podman.network ?? config.defaults.network;
  if (network === "none" && config.claude.transport === "tcp") {
    throw new StromboliError(
      "invalid_request",
      "network none needs claude.transport: unix; over tcp the agent could not reach the model",
    );
  }
  Object.keys(podman.env ?? {}).forEach(checkEnvName);
  const volumes = distinct((podman.volumes ?? []).map((volume) => planVolume(volume, rules)));
  return {
    image: podman.image ?? config.podman.image,
    timeoutMs: millisecondsOf(podman.timeout ?? config.defaults.timeout),
    workdir: checkTarget(request.workdir ?? defaultWorkdir),
    volumes,
    secrets: Object.entries(podman.secrets_env ?? {}).map(([variable, name]) => ({
      variable: checkEnvName(variable),
      name: checkSecretName(name),
    })),
    network,
    user: machine.rootless ? `${machine.uid}:${machine.gid}` : rootfulUser(volumes, config.podman.user),
  };
};

/** The container of a plan. Pure. */
export const planContainer = (
  request: RunRequest,
  plan: Plan,
  context: { config: Config; machine: Machine; placement: Placement },
): ContainerSpec => {
  const { config, machine, placement } = context;
  const podman = request.podman ?? {};
  const own = placement.handOver ? ["rw", "U"] : ["rw"];
  const work = placeWorkdir(plan, { source: placement.folders.workspace, options: own });
  const cli = [cliPath, ...cliArguments(withDefaults(request, config), placement.conversation)];
  return {
    name: placement.container,
    labels: { "stromboli.state": machine.stateLabel, "stromboli.job": placement.jobId },
    image: placement.imageId,
    command: work.make ? ["/bin/sh", "-c", 'mkdir -p -- "$0" && cd -- "$0" && exec "$@"', plan.workdir, ...cli] : cli,
    workdir: work.make ? "/" : plan.workdir,
    user: plan.user,
    keepId: machine.rootless,
    envFile: placement.folders.envFile,
    secrets: plan.secrets,
    mounts: [
      { source: placement.binary, target: cliPath, options: ["ro"] },
      { source: placement.folders.home, target: home, options: own },
      ...(config.claude.transport === "unix"
        ? [{ source: placement.folders.broker, target: brokerFolder, options: ["ro"] }]
        : []),
      ...work.mounts,
      ...plan.volumes,
    ],
    readOnly: podman.read_only ?? true,
    tmpBytes: bytesOf(config.podman.tmp_size),
    network: plan.network === "none" ? "none" : "private", // private: bridge, slirp4netns or pasta, as this Podman has it; never the host's
    memoryBytes: bytesOf(podman.memory ?? config.defaults.memory),
    cpus: podman.cpus ?? config.defaults.cpus,
    cpuShares: podman.cpu_shares,
    pids: config.defaults.pids,
    lastResortSeconds: Math.ceil((plan.timeoutMs + 2 * millisecondsOf(config.podman.stop_grace)) / 1000) + 10,
    selinux: machine.selinux,
  };
};

/** The container's environment, one NAME=value a line: the request's own first, so that ours cannot be replaced. */
export const planEnvironment = (request: RunRequest, config: Config, placement: Placement): string => {
  const variables = {
    ...request.podman?.env,
    ...cliEnvironment(request.claude ?? {}),
    HOME: home,
    LANG: "C.UTF-8",
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
    CLAUDE_CODE_MAX_RETRIES: String(config.claude.max_retries),
    ...(placement.tcpPort === undefined
      ? { ANTHROPIC_UNIX_SOCKET: `${brokerFolder}/api.sock`, ANTHROPIC_BASE_URL: "http://127.0.0.1" }
      : { ANTHROPIC_BASE_URL: `http://host.containers.internal:${placement.tcpPort}` }),
    [placement.credential === "oauth" ? "CLAUDE_CODE_OAUTH_TOKEN" : "ANTHROPIC_API_KEY"]: placement.handle,
  };
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${value}\n`)
    .join("");
};

const refuseLater = ({ podman, webhook_url }: RunRequest): void => {
  const given = { "podman.lifecycle": podman?.lifecycle, "podman.environment": podman?.environment };
  const [name] = Object.entries(given).find(([, value]) => value !== undefined && Object.keys(value).length > 0) ?? [];
  if (name) throw new StromboliError("unsupported", `${name} is not supported by this version; leave it out`);
  if (webhook_url !== undefined)
    throw new StromboliError("unsupported", "webhook_url goes with POST /run/async, which this version does not have");
};

const distinct = (volumes: readonly Volume[]): readonly Volume[] => {
  const targets = [home, ...volumes.map(({ target }) => target)];
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice === home)
    throw new StromboliError("invalid_request", `${home} is the session's own folder and takes no volume`);
  if (twice !== undefined) throw new StromboliError("invalid_request", `two volumes share the target ${twice}`);
  return volumes;
};

/** Rootful, agents are never root: they take the uid of the one user whose volumes they write to. */
const rootfulUser = (volumes: readonly Volume[], fallback: string): string => {
  const written = volumes.filter(({ readOnly, owner }) => !readOnly && !owner.worldWritable);
  const owners = new Set(written.map(({ owner }) => `${owner.uid}:${owner.gid}`));
  if (owners.size > 1)
    throw new StromboliError(
      "invalid_request",
      "the writable volumes belong to different users; mount all but one user's with :ro",
    );
  const rooted = written.find(({ owner }) => owner.uid === 0);
  if (rooted) {
    const remedy = `give it away with chown -R ${fallback}, mount it with :ro, or run Stromboli as an ordinary user`;
    throw new StromboliError(
      "volume_not_allowed",
      `volume ${rooted.source} belongs to root and agents never run as root; ${remedy}`,
    );
  }
  return [...owners][0] ?? fallback;
};

/** The workdir is the session's own folder, unless a volume, HOME or /tmp holds it; below those it is made from inside. */
const placeWorkdir = (
  { workdir, volumes }: Plan,
  workspace: Omit<Mount, "target">,
): { mounts: readonly Mount[]; make: boolean } => {
  const holders = [home, "/tmp", ...volumes.map(({ target }) => target)];
  if (holders.includes(workdir)) return { mounts: [], make: false };
  if (holders.some((holder) => contains(holder, workdir))) return { mounts: [], make: true };
  return { mounts: [{ ...workspace, target: workdir }], make: false };
};

const withDefaults = ({ claude }: RunRequest, config: Config) => ({
  setting_sources: config.claude.setting_sources,
  ...(config.claude.model !== "" && { model: config.claude.model }),
  ...claude,
});
