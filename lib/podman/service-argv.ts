import type { Health, Need, ServicePlan } from "../compose/plan.ts";
import type { Volume } from "../policy/volumes.ts";
import type { Mount } from "./argv.ts";

type Kept =
  "command" | "entrypoint" | "tmpfs" | "workdir" | "user" | "hostname" | "stopSignal" | "init" | "readOnly" |
  "restarts" | "capDrop" | "limits" | "shmBytes" | "ports" | "secrets"; // prettier-ignore

/** Everything about the container of a service, decided before Podman is called. */
export type ServiceSpec = Pick<ServicePlan, Kept> & {
  /** As the compose file calls it. */
  service: string;
  container: string;
  image: string;
  needs: readonly Need[];
  health: Health | "none" | undefined;
  /** Where its environment is written, and what. */
  envFile: string;
  env: string;
  /** The folder of the OCI hook that looks at its host folders; undefined without any. */
  ociHooks: string | undefined;
  volumes: readonly Volume[];
  mounts: readonly Mount[];
  networks: readonly string[];
  /** Podman itself ends it after this long; 0: never. */
  lastResortSeconds: number;
  selinux: boolean;
};

/** What a service that begins as root needs to become its own user; less than Podman gives by itself. */
const capabilities = "CHOWN DAC_OVERRIDE FOWNER FSETID KILL NET_BIND_SERVICE SETGID SETUID".split(" ");

/** The complete argument list of `podman run` for a service. Pure. */
export const serviceArgv = (spec: ServiceSpec, labels: Readonly<Record<string, string>>): string[] => [
  "run", "--detach", "--pull=never",
  `--name=${spec.container}`,
  ...labelFlags(labels),
  ...(spec.ociHooks === undefined ? [] : [`--hooks-dir=${spec.ociHooks}`]),
  "--log-driver=k8s-file", "--log-opt=max-size=10mb",
  ...isolation(spec),
  ...limits(spec),
  `--env-file=${spec.envFile}`,
  ...spec.secrets.map((name) => `--secret=${name}`),
  ...spec.mounts.map(({ source, target, options }) => `--volume=${source}:${target}:${options.join(",")}`),
  ...spec.tmpfs.map((target) => `--tmpfs=${target}:rw,nosuid,nodev`),
  ...spec.networks.map((network) => `--network=${network}`),
  ...spec.ports.map((port) => `--publish=${port}`),
  ...given("--workdir", spec.workdir),
  ...given("--user", spec.user),
  ...given("--hostname", spec.hostname),
  ...given("--stop-signal", spec.stopSignal),
  ...given("--entrypoint", spec.entrypoint && JSON.stringify(spec.entrypoint)),
  "--no-healthcheck", // Podman would have systemd run it; we ask ourselves, as long as it matters
  spec.image,
  ...(spec.command ?? []),
]; // prettier-ignore

export const labelFlags = (labels: Readonly<Record<string, string>>): string[] =>
  Object.entries(labels).map(([name, value]) => `--label=${name}=${value}`);

const isolation = ({ capDrop, selinux, readOnly, init, restarts }: ServiceSpec): string[] => [
  "--cap-drop=all",
  ...(capDrop.some((name) => /^all$/i.test(name)) ? [] : capabilities)
    .filter((name) => !capDrop.some((dropped) => dropped.toUpperCase().replace(/^CAP_/, "") === name))
    .map((name) => `--cap-add=${name}`),
  "--security-opt=no-new-privileges",
  ...(selinux ? ["--security-opt=label=disable"] : []),
  ...(readOnly ? ["--read-only"] : []),
  ...(init ? ["--init"] : []),
  ...(restarts ? ["--restart=on-failure:10"] : []),
  "--http-proxy=false",
];

const limits = ({ limits: { memoryBytes, cpus, pids }, shmBytes, lastResortSeconds }: ServiceSpec): string[] => [
  `--memory=${memoryBytes}`,
  `--memory-swap=${memoryBytes}`,
  `--cpus=${cpus}`,
  `--pids-limit=${pids}`,
  ...given("--shm-size", shmBytes === undefined ? undefined : `${shmBytes}b`),
  ...(lastResortSeconds > 0 ? [`--timeout=${lastResortSeconds}`] : []),
];

const given = (flag: string, value: string | undefined): string[] => (value === undefined ? [] : [`${flag}=${value}`]);
