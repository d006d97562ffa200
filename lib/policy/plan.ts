import { StromboliError } from "../errors.ts";
import type { Config } from "../schema/config.ts";
import type { PodmanOptions, RunRequest } from "../schema/run.ts";
import { millisecondsOf } from "../schema/units.ts";
import { checkEnvName, checkSecretName } from "./environment.ts";
import { checkTarget, home, planVolume, type Volume, type VolumeRules } from "./volumes.ts";

export const defaultWorkdir = "/workspace";

/** What is true of this machine and this daemon. */
export type Machine = { rootless: boolean; uid: number; gid: number; selinux: boolean; stateLabel: string };

/** What a request comes to, before anything of it exists. */
export type Plan = {
  image: string;
  timeoutMs: number;
  workdir: string;
  volumes: readonly Volume[];
  secrets: readonly { name: string; variable: string }[];
  network: "none" | "full";
  user: string;
};

/** The plan of a request, or a refusal with a stable code. Pure, given what `rules` says of the file system. */
export const planRun = (
  request: RunRequest,
  config: Config,
  { machine, rules }: { machine: Machine; rules: VolumeRules },
): Plan => {
  const podman = request.podman ?? {};
  refuseUnsupported(request);
  checkRoot(podman, config);
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
    network: planNetwork(podman, config),
    user: machine.rootless ? `${machine.uid}:${machine.gid}` : rootfulUser(volumes, config.podman.user),
  };
};

const refuseUnsupported = ({ podman }: RunRequest): void => {
  const given = { "podman.lifecycle": podman?.lifecycle, "podman.environment": podman?.environment };
  const [name] = Object.entries(given).find(([, value]) => Object.keys(value ?? {}).length > 0) ?? [];
  if (name) throw new StromboliError("unsupported", `${name} is not supported by this version; leave it out`);
};

const checkRoot = ({ read_only }: PodmanOptions, { policy }: Config): void => {
  if (read_only === false && !policy.writable_root) {
    throw new StromboliError("writable_root_not_allowed", "a writable root file system is not allowed here");
  }
};

const planNetwork = ({ network: asked }: PodmanOptions, { claude, defaults }: Config): "none" | "full" => {
  const network = asked ?? defaults.network;
  if (network === "none" && claude.transport === "tcp") {
    throw new StromboliError(
      "invalid_request",
      "network none needs claude.transport: unix; over tcp the agent could not reach the model",
    );
  }
  return network;
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
