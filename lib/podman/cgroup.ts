import { readFileSync } from "node:fs";
import { join } from "node:path";

/** What a container has used and uses; null is what the kernel does not count here. */
export type Consumption = { cpuMs: number | null; memoryBytes: number | null; memoryLimitBytes: number | null };

const nothing: Consumption = { cpuMs: null, memoryBytes: null, memoryLimitBytes: null };
const unlimited = 2 ** 60; // v1 says no limit by a number near this

/**
 * What the container of a process uses, as its control group says: some small files, where `podman stats` takes half a
 * second. A process outside of a container's group, as where no controllers are delegated, has nothing to tell.
 */
export const consumptionOf = (pid: number, root = "/"): Consumption => {
  const groups = groupsOf(join(root, `proc/${pid}/cgroup`));
  const folder = (controller: string): string | undefined => {
    const path = groups.get(controller);
    return path === undefined ? undefined : join(root, "sys/fs/cgroup", controller, path);
  };
  const [memory, cpu, unified] = [folder("memory"), folder("cpuacct"), folder("")];
  if (memory === undefined) return unified === undefined ? nothing : ofUnified(unified);
  const used = numberIn(join(memory, "memory.usage_in_bytes"));
  const limit = numberIn(join(memory, "memory.limit_in_bytes"));
  const cpuNs = cpu === undefined ? null : numberIn(join(cpu, "cpuacct.usage"));
  return {
    cpuMs: cpuNs === null ? null : Math.floor(cpuNs / 1e6),
    memoryBytes: minus(used, fieldIn(join(memory, "memory.stat"), "total_inactive_file")),
    memoryLimitBytes: limit === null || limit >= unlimited ? null : limit,
  };
};

const ofUnified = (folder: string): Consumption => {
  const cpuUs = fieldIn(join(folder, "cpu.stat"), "usage_usec");
  return {
    cpuMs: cpuUs === null ? null : Math.floor(cpuUs / 1e3),
    memoryBytes: minus(numberIn(join(folder, "memory.current")), fieldIn(join(folder, "memory.stat"), "inactive_file")),
    memoryLimitBytes: numberIn(join(folder, "memory.max")),
  };
};

/** Cached files that nobody has looked at lately are given up before anything is killed. */
const minus = (used: number | null, cached: number | null): number | null =>
  used === null ? null : Math.max(0, used - (cached ?? 0));

/** The container's own groups by controller, `""` being that of cgroup v2; a process may be in one further down. */
const groupsOf = (path: string): Map<string, string> =>
  new Map(
    read(path)
      .split("\n")
      .flatMap((line): [string, string][] => {
        const [, controllers = "", group = ""] =
          /^\d+:([^:]*):(.*\/libpod-[0-9a-f]{64}(?:\.scope)?)(?:\/|$)/.exec(line) ?? [];
        return group === "" ? [] : controllers.split(",").map((name) => [name, group]);
      }),
  );

const read = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // it has just ended, or this kernel has no such file
  }
};

const numberIn = (path: string): number | null => numberFrom(read(path));

const fieldIn = (path: string, name: string): number | null =>
  numberFrom(new RegExp(`^${name} (.*)$`, "m").exec(read(path))?.[1] ?? "");

const numberFrom = (text: string): number | null => (/^\d+$/.test(text.trim()) ? Number(text) : null);
