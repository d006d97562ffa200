import { z } from "zod";
import { Retries, Span } from "./amounts.ts";
import { Flag, HostName, Name, oneOf, optional, Text } from "./fields.ts";
import { HostPath } from "./mount-keys.ts";

/** A mapping from names, or the list of names that is short for it. */
const mappingOr = <Value>(values: z.ZodType<Value>, short: unknown, what: string) => {
  const mapping = z.record(Name, values);
  const list = z.array(Name).transform((names) => Object.fromEntries(names.map((name) => [name, short])));
  return oneOf<Record<string, Value>>({ list: list.pipe(mapping), mapping }, `must be a list of ${what}, or a mapping`);
};

const Line = Text.max(60_000).regex(/^[^\r\n]*$/, "must be one line");
type Variables = Record<string, string | null>;
const Variables: z.ZodType<Variables> = z.record(
  z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, "must be of letters, digits and underscores"),
  z.union([Line, z.boolean().transform(String), z.null()], "must be one line of text, of at most 60000 characters"),
);

/** Without a value, which is null, a variable is taken from the request's. */
const toVariable = (line: string): [string, string | null] => {
  const end = line.indexOf("=");
  return end < 0 ? [line, null] : [line.slice(0, end), line.slice(end + 1)];
};

export const Environment = oneOf<Variables>(
  {
    list: z
      .array(Text.regex(/^(?!__proto__)/, "is no name of a variable"))
      .transform((lines): unknown => Object.fromEntries(lines.map(toVariable)))
      .pipe(Variables),
    mapping: Variables,
  },
  "must be a mapping, or a list of NAME=VALUE",
);

export const EnvFile = oneOf<{ path: string; required: boolean }>(
  {
    text: HostPath.transform((path) => ({ path, required: true })),
    mapping: z.strictObject({ path: HostPath, required: Flag.default(true) }),
  },
  "must be a path, or a mapping with path and required",
);

const Joined = z
  .strictObject(
    { aliases: optional(z.array(HostName, "must be a list").max(20)) },
    "must be a mapping with aliases, or nothing",
  )
  .nullable();
export const Networks = mappingOr(Joined, null, "networks");

const untils = {
  service_started: "started",
  service_healthy: "healthy",
  service_completed_successfully: "completed",
} as const;

const Dependency = z
  .strictObject(
    {
      condition: z.enum(
        ["service_started", "service_healthy", "service_completed_successfully"],
        "must be service_started, service_healthy or service_completed_successfully",
      ),
      required: Flag.default(true),
      restart: Flag.optional(), // what it means for services that are restarted by hand: here none is
    },
    "must be a mapping with condition",
  )
  .transform(({ condition, required }) => ({ until: untils[condition], required }));
export const DependsOn = mappingOr(Dependency, { condition: "service_started" }, "services");

const noTest = 'must be a command line, or a list that begins with "NONE", "CMD" or "CMD-SHELL"';
const Test = oneOf<readonly string[]>(
  {
    text: Text.regex(/\S/, noTest).transform((line) => ["CMD-SHELL", line]),
    list: z
      .array(Text)
      .refine(
        ([kind, ...words]) =>
          kind === "NONE"
            ? words.length === 0
            : kind === "CMD"
              ? words.length > 0
              : kind === "CMD-SHELL" && words.length === 1,
        noTest,
      ),
  },
  noTest,
);

export type Health = {
  command: readonly [string, ...string[]]; // CMD or CMD-SHELL is first
  intervalMs: number;
  timeoutMs: number;
  retries: number;
  startPeriodMs: number;
};

const Positive = Span.refine((milliseconds) => milliseconds > 0, "must be above 0");

export const HealthCheck = z
  .strictObject(
    {
      test: optional(Test),
      disable: optional(Flag),
      interval: optional(Positive),
      timeout: optional(Positive),
      retries: optional(Retries),
      start_period: optional(Span),
    },
    "must be a mapping with test",
  )
  .transform((check, context): Health | "none" => {
    const [kind, ...words] = check.test ?? [];
    if (check.disable === true || kind === "NONE") return "none";
    if (kind === undefined) {
      context.addIssue({ code: "custom", path: ["test"], message: "is missing" });
      return z.NEVER;
    }
    const { interval = 30_000, timeout = 30_000, retries = 3, start_period: startPeriodMs = 0 } = check;
    return { command: [kind, ...words], intervalMs: interval, timeoutMs: timeout, retries, startPeriodMs };
  });
