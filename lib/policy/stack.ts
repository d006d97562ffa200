import { posix } from "node:path";
import { alone, planStack, type AgentPlan, type StackPlan } from "../compose/plan.ts";
import { StromboliError } from "../errors.ts";
import type { Config } from "../schema/config.ts";
import type { PodmanOptions } from "../schema/run.ts";
import type { Machine } from "./plan.ts";
import { planFile, type VolumeRules } from "./volumes.ts";

/** The services that a request wants beside its agent, or none, and what the agent has of theirs. */
export const planServices = (
  podman: PodmanOptions,
  config: Config,
  facts: { machine: Machine; rules: VolumeRules },
): { stack: StackPlan | undefined; own: AgentPlan } => {
  const stack = planWanted(podman, config, facts);
  return { stack, own: stack?.agent ?? alone };
};

const planWanted = (
  { environment, env, image }: PodmanOptions,
  config: Config,
  { machine, rules }: { machine: Machine; rules: VolumeRules },
): StackPlan | undefined => {
  if (environment?.path === undefined) return undefined;
  const { path, service } = environment;
  if (service !== undefined && image !== undefined)
    throw new StromboliError("invalid_request", `the image is that of service ${service}; leave podman.image out`);
  const file = planFile(path, rules);
  const text = file === undefined ? undefined : rules.read(file);
  if (file === undefined || text === undefined)
    throw new StromboliError("compose_invalid", `${path} is no file of at most 1 MiB that the daemon can read`);
  return planStack(text, {
    folder: posix.dirname(file),
    service,
    variables: env ?? {},
    config,
    rules,
    machine,
    hostPorts: config.policy.host_ports,
    readText: (wanted) => {
      const found = rules.resolve(wanted) && planFile(wanted, rules);
      return found === undefined ? undefined : rules.read(found);
    },
  });
};
