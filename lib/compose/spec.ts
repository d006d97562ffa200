import { join } from "node:path";
import { envFile } from "../policy/env-file.ts";
import type { Mount } from "../podman/argv.ts";
import type { ServiceSpec } from "../podman/service-argv.ts";
import type { StackSpec } from "../podman/stacks.ts";
import type { Joined, Health, NamedMount, ServicePlan, StackPlan } from "./plan.ts";

/** All that a stack has on the machine is named after its session: it has one at a time. */
export const stackName = (sessionId: string): string => `stromboli-${sessionId}`;

const nameIn = (sessionId: string, name: string): string => `${stackName(sessionId)}-${name}`;

/** A network of a stack as Podman's `--network` takes it, with the names by which others there find a container. */
export const attachment = ({ name, aliases }: Joined, service: string, sessionId: string): string =>
  `${nameIn(sessionId, name)}:${[...new Set([service, ...aliases])].map((alias) => `alias=${alias}`).join(",")}`;

export const namedMounts = (volumes: readonly NamedMount[], sessionId: string): readonly Mount[] =>
  volumes.map(({ name, target, readOnly }) => ({
    source: nameIn(sessionId, name),
    target,
    options: [readOnly ? "ro" : "rw"],
  }));

export type ServiceImage = { id: string; health: Health | undefined };

/** What is known of a stack once its job has its turn. */
export type StackPlacement = {
  sessionId: string;
  stateLabel: string;
  /** Without a way to the internet. */
  internal: boolean;
  /** By service. `health` is what the image says itself. */
  images: Readonly<Record<string, ServiceImage>>;
  /** Where what Podman reads for each service is written. */
  folder: string;
  /** Podman itself ends the services after this long; 0: never. */
  lastResortSeconds: number;
  selinux: boolean;
};

/** The containers, networks and volumes of a plan. Pure. */
export const specOf = (plan: StackPlan, placement: StackPlacement): StackSpec => {
  const { sessionId, stateLabel, internal } = placement;
  const name = stackName(sessionId);
  return {
    name,
    labels: { "stromboli.stack": name, "stromboli.stack.state": stateLabel },
    networks: plan.networks.map((network) => ({ name: nameIn(sessionId, network), internal })),
    volumes: plan.volumes.map((volume) => nameIn(sessionId, volume)),
    services: plan.services.map((service) => serviceSpec(service, placement)),
    needs: plan.agent.needs,
  };
};

const serviceSpec = (plan: ServicePlan, placement: StackPlacement): ServiceSpec => {
  const { sessionId, images, folder, lastResortSeconds, selinux } = placement;
  const { name, networks, named, volumes, environment, ...rest } = plan;
  const image = images[name];
  return {
    ...rest,
    service: name,
    container: nameIn(sessionId, name),
    image: image?.id ?? "",
    health: plan.health ?? image?.health,
    envFile: join(folder, name, "env"),
    env: envFile(environment),
    ociHooks: volumes.length > 0 ? join(folder, name, "hooks") : undefined,
    networks: networks.map((network) => attachment(network, name, sessionId)),
    volumes,
    mounts: [...volumes, ...namedMounts(named, sessionId)],
    lastResortSeconds,
    selinux,
  };
};
