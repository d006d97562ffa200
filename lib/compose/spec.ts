import { join } from "node:path";
import { envFile } from "../policy/env-file.ts";
import type { Mount } from "../podman/argv.ts";
import type { ServiceSpec } from "../podman/service-argv.ts";
import type { StackSpec } from "../podman/stacks.ts";
import type { Joined, Health, NamedMount, ServicePlan, StackPlan } from "./plan.ts";

/** All that a stack has on the machine is named after its daemon and its session, which has one at a time. */
export const stackName = (stateLabel: string, sessionId: string): string =>
  `stromboli-${stateLabel.slice(0, 8)}-${sessionId}`;

/** A network of a stack as Podman's `--network` takes it, with the names by which others there find a container. */
export const attachment = ({ name, aliases }: Joined, service: string, stack: string): string =>
  `${stack}-${name}:${[...new Set([service, ...aliases])].map((alias) => `alias=${alias}`).join(",")}`;

export const namedMounts = (volumes: readonly NamedMount[], stack: string): readonly Mount[] =>
  volumes.map(({ name, target, readOnly }) => ({
    source: `${stack}-${name}`,
    target,
    options: [readOnly ? "ro" : "rw"],
  }));

export type ServiceImage = { id: string; health: Health | undefined };

/** What is known of a stack once its job has its turn. */
export type StackPlacement = {
  /** Its name. */
  stack: string;
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
  const { stack: name, stateLabel, internal } = placement;
  return {
    name,
    labels: { "stromboli.stack": name, "stromboli.stack.state": stateLabel },
    networks: plan.networks.map((network) => ({ name: `${name}-${network}`, internal })),
    volumes: plan.volumes.map((volume) => `${name}-${volume}`),
    services: plan.services.map((service) => serviceSpec(service, placement)),
    needs: plan.agent.needs,
  };
};

const serviceSpec = (plan: ServicePlan, placement: StackPlacement): ServiceSpec => {
  const { stack, images, folder, lastResortSeconds, selinux } = placement;
  const { name, networks, named, volumes, environment, ...rest } = plan;
  const image = images[name];
  return {
    ...rest,
    service: name,
    container: `${stack}-${name}`,
    image: image?.id ?? "",
    health: plan.health ?? image?.health,
    envFile: join(folder, name, "env"),
    env: envFile(environment),
    ociHooks: volumes.length > 0 ? join(folder, name, "hooks") : undefined,
    networks: networks.map((network) => attachment(network, name, stack)),
    volumes,
    mounts: [...volumes, ...namedMounts(named, stack)],
    lastResortSeconds,
    selinux,
  };
};
