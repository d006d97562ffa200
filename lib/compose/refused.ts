const host = "it would give the container more of this machine than an agent's surroundings may have";
const shared = "containers share no namespaces here; let services talk over a network of the stack";
const elsewhere = "the stack must be all that the file says; write it into this file";
const kept = "the daemon decides on it for every container";

/** Why the best-known keys of services are refused, or what to write instead. */
const services: Readonly<Record<string, string>> = {
  build: "build the image beforehand with podman build, and name it in image",
  pull_policy: "policy.pull in the configuration decides; pull the image beforehand",
  platform: "images of this machine's own architecture are used",
  privileged: host,
  cap_add: `${host}; use an image that needs no capability beyond Podman's own`,
  devices: host,
  device_cgroup_rules: host,
  gpus: host,
  security_opt: kept,
  sysctls: host,
  ulimits: kept,
  oom_kill_disable: kept,
  oom_score_adj: kept,
  cgroup: shared,
  cgroup_parent: kept,
  runtime: kept,
  isolation: kept,
  network_mode: `${shared}, under networks`,
  pid: shared,
  ipc: shared,
  uts: shared,
  userns_mode: kept,
  group_add: kept,
  volumes_from: "name the volume in both services",
  storage_opt: kept,
  extends: elsewhere,
  container_name: "the stack names its containers itself, as it may run twice; services are reached by their names",
  links: "services are reached by their names; give another one as an alias under networks",
  external_links: "only services of the stack are reached",
  extra_hosts: "services are reached by their names",
  dns: kept,
  dns_search: kept,
  dns_opt: kept,
  mac_address: kept,
  domainname: "services are reached by their names",
  profiles: "every service of the file is started; take out what is not to run",
  scale: "a service has one container; name a second service",
  configs: "mount the file as a volume, or write its content into an environment variable",
  logging: "the logs of services are kept by the daemon",
  develop: "files are seen as they change when they are mounted under volumes",
  stdin_open: "a service gets no input",
  tty: "a service gets no terminal",
  attach: "the logs of services are kept by the daemon",
  annotations: kept,
  memswap_limit: "there is no swap beyond the memory limit; use mem_limit",
  mem_reservation: "use mem_limit",
  cpu_count: "use cpus",
  cpu_percent: "use cpus",
  cpu_quota: "use cpus",
  cpu_period: "use cpus",
  cpuset: kept,
};

const top: Readonly<Record<string, string>> = {
  include: elsewhere,
  configs: "mount the file as a volume, or write its content into an environment variable",
};

const network: Readonly<Record<string, string>> = {
  external: "a stack has networks of its own only",
  driver_opts: kept,
  ipam: kept,
  attachable: kept,
  enable_ipv6: kept,
  name: "the stack names its networks itself, as it may run twice",
};

const volume: Readonly<Record<string, string>> = {
  external: "a stack has volumes of its own only; mount a folder for what is to outlive it",
  driver: kept,
  driver_opts: "options could mount anything of this machine; mount a folder under the service's volumes",
  name: "the stack names its volumes itself, as it may run twice",
};

const fromPodman = "make the secret with stromboli secrets create, and write external: true";
const secret: Readonly<Record<string, string>> = {
  file: fromPodman,
  environment: fromPodman,
  content: fromPodman,
  name: "the secret is looked up by the name that it has here",
};

const deploy: Readonly<Record<string, string>> = {
  replicas: "a service has one container; name a second service",
  restart_policy: "use restart",
  reservations: "use limits",
  devices: host,
};

const sections: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  services,
  networks: network,
  volumes: volume,
  secrets: secret,
};

/** Why a key has no place in the file, in words that help. Pure. */
export const whyRefused = (path: readonly PropertyKey[], key: string): string => {
  const [section, , below] = path.map(String);
  const table =
    section === undefined ? top : below === "deploy" ? deploy : path.length === 2 ? sections[section] : undefined;
  return table && Object.hasOwn(table, key) ? (table[key] ?? "") : "it is no key that Stromboli knows at this place";
};
