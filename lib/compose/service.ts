import { planImages } from "../policy/images.ts";
import { checkTarget } from "../policy/volumes.ts";
import { planEnvironment } from "./environment.ts";
import type { ComposeFile } from "./file.ts";
import { at, invalid, type Place } from "./invalid.ts";
import { planLimits } from "./limits.ts";
import { planMounts, type Stack } from "./mounts.ts";
import { planNeeds } from "./order.ts";
import type { ComposeContext, Joined, ServicePlan } from "./plan.ts";
import type { ServiceKeys } from "./service-keys.ts";

/** The plan of one service; the agent's is held to the rules of requests, as its container is. */
export const planService = (name: string, keys: ServiceKeys, stack: Stack): ServicePlan => {
  const { file, context } = stack;
  const place = ["services", name];
  return {
    name,
    images: at([...place, "image"], () => planImages(keys.image, context.config)),
    command: keys.command,
    entrypoint: keys.entrypoint,
    environment: planEnvironment(keys, place, context),
    networks: planNetworks(keys, place, file),
    needs: planNeeds(keys, place, stack),
    health: keys.healthcheck,
    ...planMounts(keys, place, stack),
    workdir: planWorkdir(keys, place, context),
    user: keys.user,
    hostname: keys.hostname,
    stopSignal: keys.stop_signal,
    init: keys.init ?? false,
    readOnly: (keys.read_only ?? false) || !context.config.policy.writable_root,
    restarts: planRestart(keys, place, context),
    capDrop: keys.cap_drop ?? [],
    limits: planLimits(keys, place, context.config),
    shmBytes: keys.shm_size,
    ports: planPorts(keys, place, context),
    secrets: planSecrets(keys, place, file),
  };
};

const planNetworks = ({ networks }: ServiceKeys, place: Place, file: ComposeFile): Joined[] => {
  const joined = Object.entries(networks ?? {});
  const unknown = joined.find(([network]) => network !== "default" && !Object.hasOwn(file.networks ?? {}, network));
  if (unknown)
    throw invalid([...place, "networks", unknown[0]], `there is no network ${unknown[0]}; name it under networks`);
  const name = String(place[1]);
  if (joined.length === 0) return [{ name: "default", aliases: [name] }];
  return joined.map(([network, options]) => ({
    name: network,
    aliases: [...new Set([name, ...(options?.aliases ?? [])])],
  }));
};

const planWorkdir = ({ working_dir: path }: ServiceKeys, place: Place, context: ComposeContext): string | undefined => {
  if (path === undefined || place[1] !== context.service) return path;
  return at([...place, "working_dir"], () => checkTarget(path));
};

/** Podman forgets what looks at a container's mounts when it starts the container again by itself. */
const planRestart = ({ restart = false, volumes }: ServiceKeys, place: Place, { service }: ComposeContext): boolean => {
  if (restart && place[1] !== service && volumes?.some(({ type }) => type === "bind"))
    throw invalid([...place, "restart"], "goes with no folder of the machine; take one of them out");
  return restart;
};

const planPorts = ({ ports = [] }: ServiceKeys, place: Place, { hostPorts }: ComposeContext): readonly string[] => {
  if (ports.length === 0 || hostPorts) return ports;
  const why = "services are reached within the stack; take it out, or set policy.host_ports: true in the configuration";
  throw invalid([...place, "ports"], `is refused: ${why}`);
};

const planSecrets = ({ secrets }: ServiceKeys, place: Place, file: ComposeFile): readonly string[] => {
  const unknown = secrets?.find((name) => !Object.hasOwn(file.secrets ?? {}, name));
  if (unknown === undefined) return [...new Set(secrets)];
  throw invalid([...place, "secrets"], `there is no secret ${unknown}; name it under secrets, with external: true`);
};
