import { StromboliError } from "../errors.ts";
import type { Config } from "../schema/config.ts";
import type { PodmanOptions } from "../schema/run.ts";
import { bytesOf, millisecondsOf } from "../schema/units.ts";

export type Limits = {
  memoryBytes: number;
  cpus: string;
  cpuShares: number | undefined;
  pids: number;
  timeoutMs: number;
};

/** What a run may take: what its request asks for or else the defaults; throws `limit_exceeded` above a ceiling. */
export const planLimits = (podman: PodmanOptions, { defaults, policy }: Config): Limits => {
  const memory = podman.memory ?? defaults.memory;
  const cpus = podman.cpus ?? defaults.cpus;
  const timeout = podman.timeout ?? defaults.timeout;
  check({ name: "memory", asked: memory, ceiling: policy.max_memory }, bytesOf);
  check({ name: "cpus", asked: cpus, ceiling: policy.max_cpus }, Number);
  check({ name: "timeout", asked: timeout, ceiling: policy.max_timeout }, millisecondsOf);
  return {
    memoryBytes: bytesOf(memory),
    cpus,
    cpuShares: podman.cpu_shares,
    pids: defaults.pids,
    timeoutMs: millisecondsOf(timeout),
  };
};

type Check = { name: "memory" | "cpus" | "timeout"; asked: string; ceiling: string };

const check = ({ name, asked, ceiling }: Check, valueOf: (text: string) => number): void => {
  if (ceiling === "off" || valueOf(asked) <= valueOf(ceiling)) return;
  throw new StromboliError("limit_exceeded", `${name} ${asked} is above policy.max_${name}, which is ${ceiling}`);
};
