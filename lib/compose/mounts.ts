import { posix } from "node:path";
import { StromboliError } from "../errors.ts";
import { contains } from "../policy/host-path.ts";
import { checkTarget, home, planVolume, type Volume } from "../policy/volumes.ts";
import type { ComposeFile } from "./file.ts";
import { at, invalid, type Place } from "./invalid.ts";
import type { MountEntry } from "./mount-keys.ts";
import type { ComposeContext, NamedMount } from "./plan.ts";
import type { ServiceKeys } from "./service-keys.ts";

/** What the plan of one service needs beside its keys. */
export type Stack = { file: ComposeFile; context: ComposeContext };

type Mounts = { volumes: Volume[]; named: NamedMount[]; tmpfs: string[] };

/** What a service sees of this machine's folders and of the stack's volumes. */
export const planMounts = (keys: ServiceKeys, place: Place, { file, context }: Stack): Mounts => {
  const mounts: Mounts = { volumes: [], named: [], tmpfs: [] };
  const taken = new Set<string>();
  const isAgent = place[1] === context.service;

  const add = (entry: MountEntry, where: Place): void => {
    const target = isAgent ? at(where, () => agentTarget(entry.target)) : serviceTarget(entry.target, where);
    if (taken.size === taken.add(target).size) throw invalid(where, `two mounts share the target ${target}`);
    if (entry.type === "tmpfs") mounts.tmpfs.push(target);
    if (entry.type === "bind") mounts.volumes.push({ ...bind(entry, where, context), target });
    if (entry.type === "volume")
      mounts.named.push({ name: declared(entry, where, file), target, readOnly: entry.readOnly });
  };
  (keys.volumes ?? []).forEach((entry, index) => add(entry, [...place, "volumes", index]));
  (keys.tmpfs ?? []).forEach((target, index) => add({ type: "tmpfs", target }, [...place, "tmpfs", index]));
  return mounts;
};

const declared = ({ source }: MountEntry & { type: "volume" }, place: Place, { volumes }: ComposeFile): string => {
  if (Object.hasOwn(volumes ?? {}, source)) return source;
  throw invalid(place, `there is no volume ${source}; name it under volumes, or write ./${source} for a folder`);
};

type Bind = MountEntry & { type: "bind" };

/** Its target is not looked at: what is the agent's own is not a database's. */
const bind = ({ source, options }: Bind, place: Place, context: ComposeContext): Volume => {
  const { folder, rules, machine, service } = context;
  const volume = at(place, () => planVolume(`${posix.resolve(folder, source)}:/volume:${options.join(",")}`, rules));
  if (place[1] === service || machine.rootless || volume.readOnly) return volume;
  const why = "a service may run as root, and the daemon is root here; mount it with :ro, or use a named volume";
  throw new StromboliError("volume_not_allowed", `${place.join(".")}: ${source} cannot be written to: ${why}`);
};

const agentTarget = (path: string): string => {
  const target = checkTarget(path);
  if (target === home) throw new StromboliError("invalid_request", `${home} is the session's own folder`);
  return target;
};

const reserved = ["/proc", "/sys", "/dev", "/run/secrets"];

const serviceTarget = (path: string, place: Place): string => {
  const target = posix.normalize(path).replace(/(?<=.)\/$/, "");
  if (target === "/" || reserved.some((folder) => contains(folder, target)))
    throw invalid(place, `${path} cannot be a target: it belongs to the container's own system`);
  return target;
};
