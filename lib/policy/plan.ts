import type { StackPlan } from "../compose/plan.ts";
import { StromboliError } from "../errors.ts";
import { planHooks, type Hooks } from "../hooks/plan.ts";
import type { Config } from "../schema/config.ts";
import type { PodmanOptions, RunRequest } from "../schema/run.ts";
import { checkEnvName, checkSecretName } from "./environment.ts";
import { planImages } from "./images.ts";
import { planServices } from "./stack.ts";
import { planLimits, type Limits } from "./limits.ts";
import { checkTarget, home, planVolume, type Volume, type VolumeRules } from "./volumes.ts";

export const defaultWorkdir = "/workspace";

/** What is true of this machine and this daemon. */
export type Machine = { rootless: boolean; uid: number; gid: number; selinux: boolean; stateLabel: string };

/** What a request comes to, before anything of it exists. */
export type Plan = {
  /** References in full, in the order in which they are looked for; each is allowed. */
  images: readonly string[];
  limits: Limits;
  readOnly: boolean;
  workdir: string;
  /** Plain variables: the request's, and those of the service whose place the agent takes. */
  env: Readonly<Record<string, string>>;
  volumes: readonly Volume[];
  /** The services beside the agent. */
  stack: StackPlan | undefined;
  secrets: readonly { name: string; variable: string }[];
  network: "none" | "full";
  user: string;
  hooks: Hooks | undefined;
};

/** The plan of a request, or a refusal with a stable code. Pure, given what `rules` says of the file system. */
export const planRun = (
  request: RunRequest,
  config: Config,
  { machine, rules }: { machine: Machine; rules: VolumeRules },
): Plan => {
  const podman = request.podman ?? {};
  Object.keys(podman.env ?? {}).forEach(checkEnvName);
  const { stack, own } = planServices(podman, config, { machine, rules });
  const asked = (podman.volumes ?? []).map((volume) => planVolume(volume, rules));
  const volumes = [...asked, ...own.volumes];
  refuseTwice([...volumes, ...own.named]);
  return {
    env: { ...own.environment, ...podman.env },
    images: own.images ?? planImages(podman.image, config),
    limits: planLimits(podman, config),
    readOnly: planRoot(podman, config),
    workdir: checkTarget(request.workdir ?? own.workdir ?? defaultWorkdir),
    volumes,
    stack,
    secrets: Object.entries(podman.secrets_env ?? {}).map(([variable, name]) => ({
      variable: checkEnvName(variable),
      name: checkSecretName(name),
    })),
    network: planNetwork(podman, config),
    user: machine.rootless ? `${machine.uid}:${machine.gid}` : rootfulUser(volumes, config.podman.user),
    hooks: planHooks(podman.lifecycle),
  };
};

/** The secrets that the services of a plan read. */
export const serviceSecrets = ({ stack }: Pick<Plan, "stack">): string[] =>
  (stack?.services ?? []).flatMap((service) => service.secrets);

const planRoot = ({ read_only: readOnly = true }: PodmanOptions, { policy }: Config): boolean => {
  if (!readOnly && !policy.writable_root) {
    throw new StromboliError("writable_root_not_allowed", "a writable root file system is not allowed here");
  }
  return readOnly;
};

const planNetwork = ({ network: asked }: PodmanOptions, { claude, defaults, policy }: Config): "none" | "full" => {
  const network = asked ?? defaults.network;
  if (!policy.networks.includes(network))
    throw new StromboliError("network_not_allowed", `network ${network} is not in policy.networks`);
  if (network === "none" && claude.transport === "tcp") {
    throw new StromboliError(
      "invalid_request",
      "network none needs claude.transport: unix; over tcp the agent could not reach the model",
    );
  }
  return network;
};

const refuseTwice = (volumes: readonly { target: string }[]): void => {
  const targets = [home, ...volumes.map(({ target }) => target)];
  const twice = targets.find((target, index) => targets.indexOf(target) !== index);
  if (twice === home)
    throw new StromboliError("invalid_request", `${home} is the session's own folder and takes no volume`);
  if (twice !== undefined) throw new StromboliError("invalid_request", `two volumes share the target ${twice}`);
};

/** Rootful, agents are never root: they take the uid of the one user whose volumes they write to. */
const rootfulUser = (volumes: readonly Volume[], fallback: string): string => {
  const written = volumes.flatMap(({ readOnly, owner }) => (owner && !readOnly && !owner.worldWritable ? [owner] : []));
  const owners = new Set(written.map(({ uid, gid }) => `${uid}:${gid}`));
  if (owners.size > 1)
    throw new StromboliError(
      "invalid_request",
      "the writable volumes belong to different users; mount all but one user's with :ro",
    );
  const rooted = written.find(({ uid }) => uid === 0);
  if (rooted) {
    const remedy = `give it away with chown -R ${fallback}, mount it with :ro, or run Stromboli as an ordinary user`;
    throw new StromboliError(
      "volume_not_allowed",
      `volume ${rooted.real} belongs to root and agents never run as root; ${remedy}`,
    );
  }
  return [...owners][0] ?? fallback;
};
