import { z } from "zod";
import { ClaudeOptions } from "./claude.ts";
import { CpuCount, Duration, MemorySize } from "./units.ts";

const megabyte = 1_048_576;

/** An absolute path inside the container, in its shortest form. */
const ContainerPath = z
  .string()
  .max(4096)
  .regex(/^\/[^\p{Cc}:]*$/u, "must be an absolute path inside the container, without colons and control characters")
  .refine(
    (path) => !/\/\/|\/\.\.?(\/|$)|.\/$/.test(path),
    "must have no empty, . or .. segments and no slash at the end",
  )
  .refine(
    (path) => path.split("/").every((name) => Buffer.byteLength(name) <= 255),
    "must have names of at most 255 bytes",
  );

const EnvName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, "must be a name of letters, digits and underscores");
const LabelName = z.string().regex(/^[A-Za-z0-9._-]{1,63}$/, "must be 1 to 63 of letters, digits, ., _ and -");
const SecretName = z.string().regex(/^[A-Za-z0-9_-]{1,253}$/, "must be 1 to 253 of letters, digits, _ and -");

const HookCommands = z
  .array(
    z
      .string()
      .min(1, "must be a shell command")
      .max(16_384)
      .regex(/^[^\0]*$/, "must have no NUL"),
  )
  .max(50)
  .optional();

export const Lifecycle = z
  .strictObject({
    on_create_command: HookCommands.describe("Once in a session, before all else."),
    post_create: HookCommands.describe("Once in a session, after on_create_command."),
    post_start: HookCommands.describe("In every run, right before the agent."),
    hooks_timeout: Duration.optional().describe("For all of them together, within the run's timeout; 5m by default."),
  })
  .describe("Shell commands that run in the container before the agent; one that fails ends the run.")
  .meta({ id: "Lifecycle" });
export type Lifecycle = z.output<typeof Lifecycle>;

/** An absolute path on the daemon's machine. */
const HostPath = z
  .string()
  .max(4096)
  .regex(/^\/\P{Cc}*$/u, "must be an absolute path on the daemon's machine, without control characters");

const ComposeEnvironment = z
  .strictObject({
    type: z.literal("compose"),
    path: HostPath.describe("The compose file, at or below an entry of policy.volumes."),
    service: z
      .string()
      .max(63)
      .describe("The service whose place the agent takes: its image, environment, networks and volumes."),
    build_timeout: Duration.describe("Accepted for clients that send it; nothing is built."),
    keep: z
      .boolean()
      .describe("Leaves the services up for the session's next run, for compose.stack_ttl after the end of this one."),
  })
  .partial()
  .refine(
    (given) => Object.keys(given).length === 0 || (given.type !== undefined && given.path !== undefined),
    "must have type: compose and path",
  )
  .describe("Services of a compose file that run beside the agent.")
  .meta({ id: "ComposeEnvironment" });

export const PodmanOptions = z
  .strictObject({
    image: z
      .string()
      .max(500)
      .regex(/^[A-Za-z0-9][A-Za-z0-9._:/@-]*$/, "must be an image reference such as python:3.12")
      .describe("Container image; any image with glibc will do."),
    volumes: z
      .array(
        z
          .string()
          .max(8192)
          .regex(/^\P{Cc}+$/u, "must have no control characters"),
      )
      .max(50)
      .describe("host:container[:ro] mounts."),
    secrets_env: z
      .record(EnvName, SecretName)
      .refine((secrets) => Object.keys(secrets).length <= 50, "must have at most 50 entries")
      .describe("Environment variable → name of a Podman secret."),
    env: z
      .record(
        EnvName,
        z
          .string()
          .max(60_000)
          .regex(/^[^\0\r\n]*$/, "must be one line; put longer values into a secret"),
      )
      .describe("Plain environment variables."),
    timeout: Duration.describe("The run is ended after this long; 30m by default."),
    memory: MemorySize.describe("Memory limit, swap included; 512m by default."),
    cpus: CpuCount.describe('CPU limit, "1" by default.'),
    cpu_shares: z.int().min(2).max(262_144).describe("Relative CPU weight."),
    network: z.enum(["none", "full"]).describe("none: only the model can be reached. full: the internet."),
    read_only: z.boolean().describe("false makes the container's root file system writable."),
    lifecycle: Lifecycle.nullish(),
    environment: ComposeEnvironment.nullish(),
  })
  .partial()
  .meta({ id: "PodmanOptions" });
export type PodmanOptions = z.output<typeof PodmanOptions>;

export const IdempotencyKey = z.string().regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 printable ASCII characters");

/** `null`, `{}` and absent mean the same. */
const optional = <Options extends z.ZodType>(options: Options) => options.nullish();

export const RunRequest = z
  .strictObject({
    prompt: z
      .string()
      .min(1, "must say what the agent should do")
      .refine((prompt) => Buffer.byteLength(prompt) <= megabyte, "must be at most 1 MiB")
      .describe("What the agent should do."),
    workdir: ContainerPath.optional().describe("Working directory inside the container; made when missing."),
    webhook_url: z
      .url({ protocol: /^https?$/, error: "must be an http or https URL" })
      .max(2048)
      .optional()
      .describe("Told when the job has ended; with POST /run/async."),
    claude: optional(ClaudeOptions),
    podman: optional(PodmanOptions),
    labels: z
      .record(LabelName, z.string().max(255))
      .refine((labels) => Object.keys(labels).length <= 64, "must have at most 64 entries")
      .optional()
      .describe("Names and values of your own, kept with the job."),
    priority: z
      .int()
      .min(-100)
      .max(100)
      .optional()
      .describe("Jobs that wait start highest first, and first in first out among equals; 0 by default."),
    idempotency_key: IdempotencyKey.optional().describe(
      "Sending it again within 24 h gives the first answer; or as the Idempotency-Key header.",
    ),
    demo: z.boolean().optional().describe("Let the built-in scripted model answer: free, and needs no credentials."),
  })
  .meta({ id: "RunRequest" });
export type RunRequest = z.output<typeof RunRequest>;
