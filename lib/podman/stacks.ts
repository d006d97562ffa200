import { mkdir, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Need } from "../compose/plan.ts";
import { StromboliError } from "../errors.ts";
import { hasEnded, type Containers } from "./containers.ts";
import type { OrphanWatch } from "./orphans.ts";
import { lastLine, startTimeoutMs, type Podman } from "./podman.ts";
import { createReadiness } from "./readiness.ts";
import { labelFlags, serviceArgv, type ServiceSpec } from "./service-argv.ts";

/** The containers, networks and volumes of a compose file, decided before Podman is called. */
export type StackSpec = {
  name: string;
  /** On everything that is made. */
  labels: Readonly<Record<string, string>>;
  networks: readonly { name: string; internal: boolean }[];
  volumes: readonly string[];
  /** In the order in which they start. */
  services: readonly ServiceSpec[];
  /** What has to be true before the agent may begin, beside that each of them runs or has ended well. */
  needs: readonly Need[];
};

export type Raising = {
  signal: AbortSignal;
  /** When all have to be up and healthy, as `performance.now()` tells it. */
  deadline: number;
  /** Writes what Podman reads for a service beside its environment. */
  prepare: (service: ServiceSpec) => Promise<void>;
  /** Better words than Podman's for a service that could not be started, if there are any. */
  whyNot: (service: ServiceSpec) => Promise<StromboliError | undefined>;
};
export type Stacks = ReturnType<typeof createStacks>;

type Deps = {
  podman: Podman;
  containers: Pick<Containers, "inspect" | "states">;
  orphans: Pick<OrphanWatch, "noneRaising">;
};

/** Brings stacks up and takes them down; a stack is all that has its name as a label. */
export const createStacks = (deps: Deps) => {
  const { podman, containers, orphans } = deps;
  const ours = new Set<string>(); // what a former daemon began may still be going on

  return {
    /** Makes all of a stack, of which nothing is there, and waits until the agent may begin; throws `start_failed`. */
    async up(spec: StackSpec, raising: Raising): Promise<void> {
      const { labels, services } = spec;
      const { signal } = raising;
      const ready = createReadiness(deps, raising);
      const meet = (needs: readonly Need[]) =>
        Promise.all(
          needs.map(async ({ service, until }) => {
            const needed = services.find((one) => one.service === service);
            if (needed) await ready.until(needed, until);
          }),
        );
      ours.add(spec.name);
      for (const network of spec.networks) await podman.output(networkArgv(network, labels), { signal });
      for (const volume of spec.volumes)
        await podman.output(["volume", "create", ...labelFlags(labels), "--", volume], { signal });
      for (const service of services) {
        await meet(service.needs);
        await start(podman, service, { ...raising, labels });
      }
      await meet(needsOf(spec));
      for (const service of services) await ready.hasEndedWell(service); // or runs: what has failed throws
    },

    /** Whether all services of a stack that was up run still, or have ended well. */
    async stands({ name, services }: StackSpec): Promise<boolean> {
      const states = await containers.states(`stromboli.stack=${name}`);
      const stand = services.map(async ({ container }) => {
        const found = states.get(container);
        if (!found || !hasEnded(found)) return found?.status === "running";
        return (await containers.inspect(container))?.exitCode === 0;
      });
      return (await Promise.all(stand)).every(Boolean);
    },

    /** Removes all that there is of a stack, its volumes and their data too. Right as well where there is nothing. */
    async down(name: string, signal: AbortSignal): Promise<void> {
      if (!ours.has(name)) await orphans.noneRaising(name, signal);
      await removeAll(podman, `--filter=label=stromboli.stack=${name}`);
      ours.delete(name);
    },
  };
};

const start = async (
  podman: Podman,
  service: ServiceSpec,
  { signal, prepare, whyNot, labels }: Raising & Pick<StackSpec, "labels">,
): Promise<void> => {
  const folder = dirname(service.envFile);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(service.envFile, service.env, { mode: 0o600 });
  await prepare(service);
  const { exitCode, stderr } = await podman.call(serviceArgv(service, labels), { signal, timeoutMs: startTimeoutMs });
  if (exitCode === 0) return;
  const said = `Podman could not start the service ${service.service}: ${lastLine(stderr)}`;
  throw (await whyNot(service)) ?? new StromboliError("start_failed", said);
};

const removeAll = async (podman: Podman, filter: string): Promise<void> => {
  const find = async (...argv: string[]) => (await podman.output([...argv, "--quiet", filter])).split("\n").filter(Boolean); // prettier-ignore
  const remove = async (argv: readonly string[], names: readonly string[]) => {
    if (names.length > 0) await podman.output([...argv, "--force", "--", ...names], { timeoutMs: startTimeoutMs });
  };
  await remove(["rm", "--ignore", "--volumes", "--time=0"], await find("ps", "--all"));
  await remove(["network", "rm", "--time=0"], await find("network", "ls"));
  await remove(["volume", "rm"], await find("volume", "ls"));
};

/** Those who share none of these networks cannot reach them; Podman keeps networks of this kind apart from each other. */
const networkArgv = ({ name, internal }: StackSpec["networks"][number], labels: StackSpec["labels"]): string[] => [
  "network",
  "create",
  ...labelFlags(labels),
  ...(internal ? ["--internal"] : []),
  "--opt=isolate=true",
  "--",
  name,
];

/** What the file wants of a service, or else that it is healthy where it can tell, and that it began where it cannot. */
const needsOf = ({ services, needs }: StackSpec): Need[] =>
  services.map(({ service }) => needs.find((need) => need.service === service) ?? { service, until: "healthy" });
