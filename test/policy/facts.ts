import type { HostPath } from "../../lib/policy/host-path.ts";
import type { VolumeRules } from "../../lib/policy/volumes.ts";

/** A folder of an ordinary user's with nothing special about it. */
export const hostPath = (real: string, more: Partial<HostPath> = {}): HostPath => ({
  real,
  kind: "folder",
  uid: 1000,
  gid: 1000,
  worldWritable: false,
  holds: [],
  place: { device: "8:1", root: real },
  ...more,
});

/** Rules under which every path is what it is called, and nothing is allowed. */
export const rulesOf = (more: Partial<VolumeRules> = {}): VolumeRules => ({
  allowed: [],
  guarded: { homes: [], own: [] },
  resolve: (path) => hostPath(path),
  foresee: () => undefined,
  read: () => undefined,
  ...more,
});
