import { z } from "zod";
import { Cpus, Pids, Size, Span } from "./amounts.ts";
import { ContainerPath, Flag, HostName, optional, Text, textOrList, Words } from "./fields.ts";
import { MountKeys } from "./mount-keys.ts";
import { DependsOn, Environment, EnvFile, HealthCheck, Networks } from "./service-parts.ts";

export const SecretName = z
  .string("must be the name of a secret")
  .regex(/^[A-Za-z0-9_-]{1,253}$/, "must be 1 to 253 of letters, digits, _ and -");

const number = "(?:[1-9]\\d{0,3}|[1-5]\\d{4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5])";
const port = new RegExp(`^(?:(.*):)?(${number}):(${number})(/tcp|/udp)?$`);

/** On the loopback address alone: a port of an agent's surroundings is nothing for the network around the machine. */
const Port = z
  .string("must be HOST_PORT:PORT")
  .regex(port, { error: "must be HOST_PORT:PORT, if need be with 127.0.0.1: before and /udp behind it", abort: true })
  .transform((text) => {
    const [, address = "127.0.0.1", ...rest] = port.exec(text) ?? [];
    const [host = "", container = "", protocol = "/tcp"] = rest;
    return { address, published: `127.0.0.1:${host}:${container}${protocol}` };
  })
  .refine(({ address }) => address === "127.0.0.1", "may only be published at 127.0.0.1")
  .transform(({ published }) => published);

const Most = z.strictObject({ memory: optional(Size), cpus: optional(Cpus), pids: optional(Pids) });
const Deploy = z.strictObject({
  replicas: optional(z.literal("1", "must be 1: a service has one container; name a second service")),
  resources: optional(z.strictObject({ limits: optional(Most) })),
});

const User = Text.regex(
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$/,
  "must be a user or user:group, by names or numbers",
);
const noRestart = "must be no, on-failure, always or unless-stopped";
const Restart = z.string(noRestart).regex(/^(?:no|always|unless-stopped|on-failure(?::\d{1,4})?)$/, noRestart);
const Capability = Text.regex(/^[A-Z_]{2,40}$/i, "must be a capability such as NET_RAW, or ALL").toUpperCase();

/** The keys that a service may have; any other is refused. */
export const ServiceKeys = z.strictObject(
  {
    image: z.string("is missing: name the image of the service").min(1, "must name an image").max(500),
    command: optional(Words),
    entrypoint: optional(Words),
    environment: optional(Environment),
    env_file: optional(
      textOrList(EnvFile).refine((files) => !Array.isArray(files) || files.length <= 10, "must name at most 10 files"),
    ),
    networks: optional(Networks),
    depends_on: optional(DependsOn),
    healthcheck: optional(HealthCheck),
    volumes: optional(z.array(MountKeys, "must be a list").max(50)),
    tmpfs: optional(textOrList(ContainerPath)),
    working_dir: optional(ContainerPath),
    user: optional(User),
    hostname: optional(HostName),
    init: optional(Flag),
    read_only: optional(Flag),
    restart: optional(Restart.transform((policy) => policy !== "no")),
    stop_signal: optional(
      Text.regex(/^(?:SIG[A-Z]{2,8}\d{0,2}|[1-9]|[1-5]\d|6[0-4])$/, "must be a signal such as SIGINT"),
    ),
    stop_grace_period: optional(Span),
    mem_limit: optional(Size),
    cpus: optional(Cpus),
    pids_limit: optional(Pids),
    shm_size: optional(Size),
    deploy: optional(Deploy),
    cap_drop: optional(z.array(Capability, "must be a list").max(50)),
    ports: optional(z.array(Port, "must be a list of HOST_PORT:PORT").max(50)),
    secrets: optional(z.array(SecretName, "must be a list of names").max(50)),
  },
  "must be a mapping with image",
);
export type ServiceKeys = z.output<typeof ServiceKeys>;
