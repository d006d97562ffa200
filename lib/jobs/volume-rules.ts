import { realpathSync, statSync } from "node:fs";
import type { HostPath, VolumeRules } from "../policy/volumes.ts";
import type { Config } from "../schema/config.ts";

/** What policy needs to know of this machine's folders, found out anew for each run. */
export const volumeRules = ({ policy }: Config): VolumeRules => ({
  allowed: policy.volumes.flatMap((entry) => {
    const real = hostPath(entry.replace(/:ro$/, ""))?.real;
    return real === undefined ? [] : [{ path: real, readOnly: entry.endsWith(":ro") }];
  }),
  resolve: hostPath,
});

const worldWrite = 0o002;

const hostPath = (path: string): HostPath | undefined => {
  try {
    const real = realpathSync(path);
    const { uid, gid, mode } = statSync(real);
    return { real, uid, gid, worldWritable: (mode & worldWrite) !== 0 };
  } catch {
    return undefined; // missing, or not ours to see
  }
};
