export type Mount = { source: string; target: string; options: readonly string[] };

/** Everything about a container, decided before Podman is called. */
export type ContainerSpec = {
  name: string;
  labels: Readonly<Record<string, string>>;
  image: string;
  command: readonly string[];
  workdir: string;
  user: string;
  keepId: boolean;
  envFile: string;
  secrets: readonly { name: string; variable: string }[];
  mounts: readonly Mount[];
  readOnly: boolean;
  tmpBytes: number;
  networks: readonly string[];
  memoryBytes: number;
  cpus: string;
  cpuShares: number | undefined;
  pids: number;
  /** Podman itself ends the container after this long, in case no daemon is there to do it. */
  lastResortSeconds: number;
  selinux: boolean;
  /** The folder of the OCI hooks that look at its mounts; undefined without volumes. */
  ociHooks: string | undefined;
  /** Open files that it inherits beside its standard streams, from descriptor 3 on. */
  extraFiles: number;
};

/** The complete argument list of `podman run`. Pure: a test can read it, a log can print it. */
export const runArgv = (spec: ContainerSpec): string[] => [
  "run", "--detach", "--interactive", "--init", "--pull=never",
  `--name=${spec.name}`,
  ...(spec.ociHooks === undefined ? [] : [`--hooks-dir=${spec.ociHooks}`]),
  ...Object.entries(spec.labels).map(([name, value]) => `--label=${name}=${value}`),
  "--log-driver=passthrough", // the container writes straight into our files; no conmon that could die in between
  ...(spec.extraFiles > 0 ? [`--preserve-fds=${spec.extraFiles}`] : []),
  ...isolation(spec),
  ...limits(spec),
  `--env-file=${spec.envFile}`, // by file: values stay out of `ps`, and no name can reach Podman's own environment
  ...spec.secrets.map(({ name, variable }) => `--secret=${name},type=env,target=${variable}`),
  ...spec.mounts.map(({ source, target, options }) => `--volume=${[source, target, options.join(",")].filter(Boolean).join(":")}`),
  `--workdir=${spec.workdir}`,
  "--stop-signal=SIGINT", // whatever the image says; at this one the CLI ends its tools, and tells what the turn has cost
  "--no-healthcheck",
  "--entrypoint=", // an image's own entry point would swallow our command
  spec.image,
  ...spec.command,
]; // prettier-ignore

const isolation = (spec: ContainerSpec): string[] => [
  `--user=${spec.user}`,
  ...(spec.keepId ? ["--userns=keep-id"] : []),
  "--cap-drop=all",
  "--security-opt=no-new-privileges",
  ...(spec.selinux ? ["--security-opt=label=disable"] : []), // SELinux lets no container connect to the broker's socket
  ...(spec.readOnly ? ["--read-only", "--read-only-tmpfs=false"] : []),
  `--tmpfs=/tmp:rw,nosuid,nodev,mode=1777,size=${spec.tmpBytes}`,
  "--tmpfs=/run:rw,nosuid,nodev,mode=1777,size=16777216",
  ...spec.networks.map((network) => `--network=${network}`),
  "--http-proxy=false",
  "--hostname=stromboli",
];

const limits = (spec: ContainerSpec): string[] => [
  `--memory=${spec.memoryBytes}`,
  `--memory-swap=${spec.memoryBytes}`, // otherwise the same again in swap
  `--cpus=${spec.cpus}`,
  ...(spec.cpuShares === undefined ? [] : [`--cpu-shares=${spec.cpuShares}`]),
  `--pids-limit=${spec.pids}`,
  `--timeout=${spec.lastResortSeconds}`,
];
