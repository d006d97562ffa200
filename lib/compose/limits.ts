import { StromboliError } from "../errors.ts";
import type { Config } from "../schema/config.ts";
import { bytesOf } from "../schema/units.ts";
import { invalid, type Place } from "./invalid.ts";
import type { ServiceKeys } from "./service-keys.ts";

type Limits = { memoryBytes: number; cpus: string; pids: number };

const least = 6_291_456; // a container does not start with less

/** What a service may take: what the file says or else the defaults; throws `limit_exceeded` above a ceiling. */
export const planLimits = (keys: ServiceKeys, place: Place, { defaults, policy }: Config): Limits => {
  const { memory, cpus, pids } = keys.deploy?.resources?.limits ?? {};
  const limits = {
    memoryBytes: oneOfTwo([...place, "mem_limit"], keys.mem_limit, memory) ?? bytesOf(defaults.memory),
    cpus: oneOfTwo([...place, "cpus"], keys.cpus, cpus) ?? defaults.cpus,
    pids: oneOfTwo([...place, "pids_limit"], keys.pids_limit, pids) ?? defaults.pids,
  };
  if (limits.memoryBytes < least) throw invalid([...place, "mem_limit"], "must be at least 6m");
  refuseAbove([...place, "mem_limit"], limits.memoryBytes, ["max_memory", policy.max_memory, bytesOf]);
  refuseAbove([...place, "cpus"], Number(limits.cpus), ["max_cpus", policy.max_cpus, Number]);
  refuseAbove([...place, "pids_limit"], limits.pids, ["max_pids", String(policy.max_pids), Number]);
  return limits;
};

const oneOfTwo = <Value>(place: Place, own: Value | undefined, deploy: Value | undefined): Value | undefined => {
  if (own !== undefined && deploy !== undefined)
    throw invalid(place, "is said twice, here and under deploy; leave one of them out");
  return own ?? deploy;
};

type Ceiling = [name: string, most: string, valueOf: (text: string) => number];

const refuseAbove = (place: Place, asked: number, [name, most, valueOf]: Ceiling): void => {
  if (most === "off" || asked <= valueOf(most)) return;
  throw new StromboliError("limit_exceeded", `${place.join(".")}: ${asked} is above policy.${name}, which is ${most}`);
};
