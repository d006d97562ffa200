import type { Machine } from "../policy/plan.ts";
import type { Volume, VolumeRules } from "../policy/volumes.ts";
import type { Config } from "../schema/config.ts";
import { readComposeFile } from "./file.ts";
import { invalid } from "./invalid.ts";
import { startOrder } from "./order.ts";
import { planService } from "./service.ts";
import type { Health } from "./service-parts.ts";

export type { Health };

/** What a compose file comes to, before anything of it exists: only what is in here is ever started. */
export type StackPlan = {
  /** As the file names them; "default" where a service names none. */
  networks: readonly string[];
  /** Named volumes that are used. */
  volumes: readonly string[];
  /** In the order in which they start; the agent's own is left out. */
  services: readonly ServicePlan[];
  agent: AgentPlan;
};

export type Joined = { name: string; aliases: readonly string[] };
export type Need = { service: string; until: "started" | "healthy" | "completed" };
export type NamedMount = { name: string; target: string; readOnly: boolean };

export type ServicePlan = {
  name: string;
  /** References in full, in the order in which they are looked for; each is allowed. */
  images: readonly string[];
  command: readonly string[] | undefined;
  entrypoint: readonly string[] | undefined;
  environment: Readonly<Record<string, string>>;
  /** The service's own name is the first alias. */
  networks: readonly Joined[];
  needs: readonly Need[];
  /** undefined: what the image says. none: the file disables it. */
  health: Health | "none" | undefined;
  /** Folders and files of this machine. */
  volumes: readonly Volume[];
  named: readonly NamedMount[];
  /** Targets. */
  tmpfs: readonly string[];
  workdir: string | undefined;
  user: string | undefined;
  hostname: string | undefined;
  stopSignal: string | undefined;
  init: boolean;
  readOnly: boolean;
  restarts: boolean;
  capDrop: readonly string[];
  limits: { memoryBytes: number; cpus: string; pids: number };
  shmBytes: number | undefined;
  /** 127.0.0.1:HOST_PORT:PORT/tcp; only where policy allows any. */
  ports: readonly string[];
  /** Podman secrets that appear as files in /run/secrets. */
  secrets: readonly string[];
};

/** What the agent's container takes from the file; all else of it is the request's and ours. */
export type AgentPlan = {
  service: string | undefined;
  /** Those of the service. */
  images: readonly string[] | undefined;
  environment: Readonly<Record<string, string>>;
  networks: readonly Joined[];
  needs: readonly Need[];
  volumes: readonly Volume[];
  named: readonly NamedMount[];
  workdir: string | undefined;
};

/** An agent without services. */
export const alone: AgentPlan = {
  service: undefined,
  images: undefined,
  environment: {},
  networks: [],
  needs: [],
  volumes: [],
  named: [],
  workdir: undefined,
};

export type ComposeContext = {
  /** Of the file, resolved. */
  folder: string;
  /** The one whose container is the agent's. */
  service: string | undefined;
  /** The request's podman.env, for ${NAME}. */
  variables: Readonly<Record<string, string>>;
  hostPorts: boolean;
  config: Config;
  rules: VolumeRules;
  machine: Machine;
  /** An env_file at a path that policy allows; undefined when it is missing. */
  readText: (path: string) => string | undefined;
};

/** Pure. Throws `compose_invalid` with the place in the file and what to do, or the refusal of what policy does not allow. */
export const planStack = (text: string, context: ComposeContext): StackPlan => {
  const file = readComposeFile(text, context.variables);
  const names = Object.keys(file.services);
  if (context.service !== undefined && !names.includes(context.service))
    throw invalid(["services"], `there is no service ${context.service}; the file has ${names.join(", ")}`);
  const plans = Object.entries(file.services).map(([name, keys]) => planService(name, keys, { file, context }));
  const services = startOrder(plans.filter(({ name }) => name !== context.service));
  checkPorts(services);
  const own = plans.find(({ name }) => name === context.service);
  const agent = own ? agentOf(own) : besides(services);
  return {
    networks: ["default", ...Object.keys(file.networks ?? {})].filter(
      (name, index, all) =>
        all.indexOf(name) === index && isUsed(name, [agent, ...services], ({ networks }) => networks),
    ),
    volumes: Object.keys(file.volumes ?? {}).filter((name) => isUsed(name, [agent, ...services], ({ named }) => named)),
    services,
    agent,
  };
};

/** Throws where two services want the same port of this machine. */
const checkPorts = (services: readonly ServicePlan[]): void => {
  const takenBy = new Map<string, string>();
  for (const { name, ports } of services) {
    for (const port of ports) {
      const published = port.replace(/:\d+\//, "/"); // 127.0.0.1:8080/tcp
      const other = takenBy.get(published);
      if (other !== undefined)
        throw invalid(["services", name, "ports"], `${published} is published by ${other} already; use another port`);
      takenBy.set(published, name);
    }
  }
};

type User = Pick<AgentPlan, "networks" | "named">;
const isUsed = (name: string, users: readonly User[], of: (user: User) => readonly { name: string }[]): boolean =>
  users.some((user) => of(user).some((used) => used.name === name));

/** What else the service says, such as a command, has been checked and has no meaning: the container is the agent's. */
const agentOf = ({ name, images, environment, networks, needs, volumes, named, workdir }: ServicePlan): AgentPlan => ({
  service: name,
  images,
  environment,
  networks,
  needs,
  volumes,
  named,
  workdir,
});

/** An agent that is no service of the file: it starts last, and reaches all of them. */
const besides = (services: readonly ServicePlan[]): AgentPlan => {
  const completed = new Set(
    services.flatMap(({ needs }) => needs.filter(({ until }) => until === "completed").map(({ service }) => service)),
  );
  const networks = new Set(services.flatMap((service) => service.networks.map(({ name }) => name)));
  return {
    ...alone,
    networks: [...networks].map((name) => ({ name, aliases: [] })),
    needs: services.map(({ name }) => ({ service: name, until: completed.has(name) ? "completed" : "healthy" })),
  };
};
