import { z } from "zod";
import { isRange } from "../client-address.ts";
import { bytesOf, CpuCount, Days, Duration, FileSize, MemorySize, millisecondsOf, RateLimit } from "./units.ts";

const AbsolutePath = z.string().regex(/^\/[^\0]*$/, "must be an absolute path");
const Origin = z.string().regex(/^https?:\/\/[^/\s]+$/, "must be an origin such as https://example.com");

const fewestCharacters = 8;

/** Who guesses this is everybody: so it has to be random, or at least to look so. */
const JwtSecret = z
  .string()
  .refine((text) => Buffer.byteLength(text) >= 32, "must have at least 32 bytes; make one with: openssl rand -hex 32")
  .refine(
    (text) =>
      new Set(text).size >= fewestCharacters && !/change.?me|secret|password|example|placeholder|your[-_ ]/i.test(text),
    "must be random, and no placeholder; make one with: openssl rand -hex 32",
  );

const ceiling = <Value extends z.ZodType<string | number>>(value: Value, example: string) =>
  z.union([z.literal("off"), value], `must be off, or ${example}`).default("off");

const proxyHint =
  "must be an address or a range such as 127.0.0.1, 10.0.0.0/8 or fd00::/8: IPv4 with all four numbers, and without ::ffff:";

const Listen = z
  .string()
  .regex(/^([\w.-]+|\[[\da-f:.]+\]):\d{1,5}$/i, "must be off, or host:port such as 127.0.0.1:9090")
  .refine((text) => Number(text.replace(/^.*:/, "")) <= 65_535, "must have a port of at most 65535");

const Receiver = z
  .url({ protocol: /^https?$/, error: "must be auto, off, or an http or https URL such as http://127.0.0.1:4318" })
  .refine((text) => !/[?#]/.test(text), "must have no query: /v1/traces is put behind it")
  .refine(
    (text) => (URL.parse(text)?.username ?? "") === "" && (URL.parse(text)?.password ?? "") === "",
    "must have no name and password; put them into OTEL_EXPORTER_OTLP_HEADERS",
  );

const Keys = z.strictObject({
  state_dir: z.union([z.literal(""), AbsolutePath]).default(""),
  server: z
    .strictObject({
      host: z.string().min(1).default("127.0.0.1"),
      port: z.int().min(0).max(65_535).default(8080),
      socket: z.union([z.literal(""), AbsolutePath]).default(""),
      allowed_hosts: z.array(z.string().min(1)).default([]),
      cors_origins: z.array(Origin).default([]),
      trusted_proxies: z.array(z.string().refine(isRange, proxyHint)).default([]),
      shutdown_grace: Duration.refine((text) => millisecondsOf(text) <= 50_000, "must be at most 50s").default("10s"),
    })
    .prefault({}),
  auth: z
    .strictObject({
      required: z.enum(["auto", "always"]).default("auto"),
      jwt_secret: z.union([z.literal(""), JwtSecret]).default(""),
      issuer: z.string().min(1).default("stromboli"),
      audience: z.string().min(1).default("stromboli"),
      access_ttl: Duration.default("24h"),
      refresh_ttl: Duration.default("7d"),
    })
    .prefault({}),
  rate_limits: z
    .strictObject({
      requests: RateLimit.default("off"),
      runs: RateLimit.default("off"),
      auth: RateLimit.default("20/m"),
    })
    .prefault({}),
  log: z
    .strictObject({ level: z.enum(["trace", "debug", "info", "warn", "error", "silent"]).default("info") })
    .prefault({}),
  health: z.strictObject({ look_every: z.union([z.literal("off"), Duration]).default("10m") }).prefault({}),
  metrics: z.strictObject({ listen: z.union([z.literal("off"), Listen]).default("off") }).prefault({}),
  traces: z
    .strictObject({
      endpoint: z.union([z.enum(["auto", "off"]), Receiver]).default("auto"),
      ratio: z.number().min(0).max(1).default(1),
    })
    .prefault({}),
  claude: z
    .strictObject({
      binary: z.union([z.literal(""), AbsolutePath]).default(""),
      musl_binary: z.union([z.literal(""), AbsolutePath]).default(""),
      api_url: z.url({ protocol: /^https?$/ }).default("https://api.anthropic.com"),
      transport: z.enum(["unix", "tcp"]).default("unix"),
      max_retries: z.int().min(0).max(10).default(4),
      model: z.string().default(""),
      setting_sources: z.array(z.enum(["user", "project", "local"])).default(["user", "project", "local"]),
    })
    .prefault({}),
  podman: z
    .strictObject({
      binary: z.string().min(1).default("podman"),
      image: z.string().min(1).default("localhost/stromboli-agent:latest"),
      user: z
        .string()
        .regex(/^[1-9]\d{0,9}:[1-9]\d{0,9}$/, "must be uid:gid, both above 0")
        .default("1000:1000"),
      stop_grace: Duration.default("10s"),
      tmp_size: MemorySize.default("256m"),
      keep_free: FileSize.default("1g"),
    })
    .prefault({}),
  defaults: z
    .strictObject({
      memory: MemorySize.default("512m"),
      cpus: CpuCount.default("1"),
      timeout: Duration.default("30m"),
      pids: z.int().min(16).max(65_536).default(512),
      network: z.enum(["none", "full"]).default("full"),
    })
    .prefault({}),
  jobs: z
    .strictObject({
      max_running: z.int().min(0).max(10_000).default(0),
      max_queued: z.int().min(0).max(1_000_000).default(1000),
      max_running_per_caller: z.int().min(0).max(10_000).default(0),
      max_queued_per_caller: z.int().min(0).max(1_000_000).default(0),
      max_output: FileSize.default("256m"),
      stall_timeout: z.union([z.literal("off"), Duration]).default("off"),
      exit_grace: Duration.default("30s"),
      keep_days: Days.default(30),
      keep_size: z.union([z.literal("off"), FileSize]).default("10g"),
    })
    .prefault({}),
  sessions: z
    .strictObject({ keep_days: Days.default(0), keep_size: z.union([z.literal("off"), FileSize]).default("off") })
    .prefault({}),
  compose: z
    .strictObject({
      health_timeout: Duration.default("2m"),
      stack_ttl: Duration.default("1h"),
      max_kept: z.int().min(0).max(1000).default(10),
    })
    .prefault({}),
  webhooks: z
    .strictObject({
      secret: z.string().max(1000).default(""),
      timeout: Duration.default("10s"),
      allow_private: z.boolean().default(false),
    })
    .prefault({}),
  policy: z
    .strictObject({
      volumes: z
        .array(z.string().regex(/^\/[^:\0]*(:ro)?$/, "must be an absolute path, with :ro at the end for read-only"))
        .default([]),
      secrets: z
        .array(z.string().regex(/^[A-Za-z0-9_*-]{1,253}$/, "must be a secret's name, in which * stands for anything"))
        .default(["*"]),
      create_missing: z.boolean().default(false),
      images: z
        .array(z.string().regex(/^[a-z0-9*][A-Za-z0-9._:/@*-]*$/, "must be an image reference, with * and ** in it"))
        .default(["**"]),
      pull: z.enum(["never", "missing", "always"]).default("never"),
      max_memory: ceiling(MemorySize, "at least 64m: a whole number with a unit of b, k, m or g, such as 2g"),
      max_cpus: ceiling(CpuCount, 'a decimal number in a string, such as "2"'),
      max_timeout: ceiling(Duration, "a duration of at most 24d, such as 90s, 30m or 1h30m"),
      max_pids: ceiling(z.int().min(16).max(65_536), "a whole number from 16 to 65536"),
      networks: z
        .array(z.enum(["none", "full"]))
        .min(1, "must name at least one")
        .default(["none", "full"]),
      host_ports: z.boolean().default(false),
      writable_root: z.boolean().default(true),
    })
    .prefault({}),
});

const above = <Value extends string | number>(value: Value, most: Value | "off", sizeOf: (value: Value) => number) =>
  most !== "off" && sizeOf(value) > sizeOf(most) ? `must be at most ${most}, as the ceiling in policy says` : undefined;

/** What is wrong with a default that policy would refuse: then a request that says nothing would be refused. */
const contradictions = ({ defaults, policy }: z.output<typeof Keys>): Record<string, string | undefined> => {
  return {
    memory: above(defaults.memory, policy.max_memory, bytesOf),
    cpus: above(defaults.cpus, policy.max_cpus, Number),
    timeout: above(defaults.timeout, policy.max_timeout, millisecondsOf),
    pids: above(defaults.pids, policy.max_pids, Number),
    network: policy.networks.includes(defaults.network) ? undefined : "must be one of policy.networks",
  };
};

/** Every configuration key with its default; `stromboli.yaml` documents the same keys. */
export const Config = Keys.superRefine((values, context) => {
  if (context.issues.length > 0) return; // what is no value at all contradicts nothing
  for (const [name, message] of Object.entries(contradictions(values)))
    if (message !== undefined) context.addIssue({ code: "custom", path: ["defaults", name], message });
});
export type Config = z.output<typeof Config>;
