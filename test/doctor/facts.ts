import type { PodmanInfo } from "../../lib/podman/info.ts";

const range = { container_id: 0, host_id: 100_000, size: 65_537 };

/** What Podman says on a machine where all is well, in the name of an ordinary user. */
export const infoOf = (host: Partial<PodmanInfo["host"]> = {}, more: Partial<PodmanInfo> = {}): PodmanInfo => ({
  host: {
    cgroupManager: "systemd",
    cgroupVersion: "v2",
    cgroupControllers: ["cpu", "memory", "pids"],
    idMappings: { uidmap: [range], gidmap: [range] },
    networkBackend: "netavark",
    networkBackendInfo: undefined,
    ociRuntime: { name: "crun", path: "/usr/bin/crun", version: "crun version 1.21\ncommit: 1" },
    security: { rootless: true },
    slirp4netns: { executable: "" },
    pasta: { executable: "/usr/bin/pasta" },
    ...host,
  },
  store: { graphDriverName: "overlay", graphRoot: "/home/me/storage", imageCopyTmpDir: "/var/tmp" },
  version: { Version: "5.4.2" },
  ...more,
});

export const rootful = { security: { rootless: false } };
