import { z } from "zod";
import { numberedLines, numberedWords, recall, type Speech, systemPrompt, toolNames } from "./blocks.ts";
import type { ErrorDetails } from "./failures.ts";
import { defaultUsage, type Usage } from "./reply.ts";
import { parseJson } from "./request.ts";

const Input = z.record(z.string(), z.unknown());
type Input = z.output<typeof Input>;

/** Something that goes wrong instead of an answer. `always` also breaks the CLI's second, non-streaming try. */
export type Fault =
  | { kind: "fail"; status: number; times: number; details: ErrorDetails }
  | { kind: "fail-in-stream"; type: string }
  | { kind: "malformed" | "truncated"; always: boolean }
  | { kind: "hang" | "hang-mid" | "garbage" };

export type Directive =
  | { kind: "use" | "forever"; name: string; input: Input }
  | { kind: "json"; input: Input }
  | { kind: "think"; text: string }
  | { kind: "text"; text: Speech; everyMs?: number }
  | { kind: "together" | "empty" }
  | { kind: "stop"; reason: string }
  | { kind: "usage"; usage: Usage }
  | { kind: "delay"; ms: number }
  | { kind: "fault"; fault: Fault };

/** Undefined for a line that is no directive. */
export const readDirective = (line: string): Directive | undefined => {
  for (const [pattern, build] of grammar) {
    const match = pattern.exec(line.trim());
    if (match) return build(match[1] ?? "", match[2] ?? "");
  }
  return undefined;
};

type Build = (first: string, second: string) => Directive | undefined;

const grammar: readonly (readonly [RegExp, Build])[] = [
  [/^use (\w+): *(.+)$/, (name, rest) => toolUse("use", name, rest)],
  [/^forever use (\w+): *(.+)$/, (name, rest) => toolUse("forever", name, rest)],
  [/^together$/, () => ({ kind: "together" })],
  [/^json: *(\{.*\})$/, (rest) => withInput(rest, (input) => ({ kind: "json", input }))],
  [/^think: *(.*)$/, (text) => ({ kind: "think", text })],

  [/^say: ?(.*)$/, (text) => speech(() => text)],
  [/^recall$/, () => speech(recall)],
  [/^system$/, () => speech(systemPrompt)],
  [/^tools$/, () => speech(toolNames)],
  [/^long (\d{1,5})$/, (kib) => speech(() => numberedLines(Number(kib)))],
  [
    /^slow (\d{1,5}) (\d{1,5})$/,
    (count, ms) => ({ ...speech(() => numberedWords(Number(count))), everyMs: Number(ms) }),
  ],
  [/^empty$/, () => ({ kind: "empty" })],

  [/^stop (\w+)$/, (reason) => ({ kind: "stop", reason })],
  [/^usage((?: (?:in|out|read|write)=\d+)+)$/, (settings) => ({ kind: "usage", usage: toUsage(settings) })],
  [/^delay (\d{1,6})$/, (ms) => ({ kind: "delay", ms: Number(ms) })],

  [/^fail (\d{3})( .*)?$/, (status, settings) => fault(failure(Number(status), settings))],
  [/^fail-in-stream(?: (\w+))?$/, (type) => fault({ kind: "fail-in-stream", type: type || "overloaded_error" })],
  [/^malformed( always)?$/, (always) => fault({ kind: "malformed", always: always !== "" })],
  [/^truncated( always)?$/, (always) => fault({ kind: "truncated", always: always !== "" })],
  [/^hang$/, () => fault({ kind: "hang" })],
  [/^hang-mid$/, () => fault({ kind: "hang-mid" })],
  [/^garbage$/, () => fault({ kind: "garbage" })],
];

const toolUse = (kind: "use" | "forever", name: string, rest: string): Directive | undefined =>
  withInput(rest, (input) => ({ kind, name, input })) ??
  (name === "Bash" ? { kind, name, input: { command: rest, description: "Run the script's command" } } : undefined);

const withInput = (text: string, build: (input: Input) => Directive): Directive | undefined => {
  const { success, data } = Input.safeParse(parseJson(text));
  return success ? build(data) : undefined;
};

const speech = (text: Speech) => ({ kind: "text", text }) as const;

const fault = (what: Fault): Directive => ({ kind: "fault", fault: what });

const failure = (status: number, settings: string): Fault => {
  const [before = "", message] = settings.split(/ message=(.*)/, 2);
  const { type, "retry-after": retryAfter } = pairs(before);
  const times = Number(/ x(\d+)/.exec(before)?.[1] ?? Infinity);
  const details = { ...(type && { type }), ...(message && { message }), ...(retryAfter && { retryAfter }) };
  return { kind: "fail", status, times, details };
};

const toUsage = (settings: string): Usage => {
  const numbers = Object.entries(pairs(settings)).map(([name, value]) => [name, Number(value)] as const);
  return { ...defaultUsage, ...Object.fromEntries(numbers) };
};

const pairs = (settings: string): Record<string, string> =>
  Object.fromEntries(Array.from(settings.matchAll(/([\w-]+)=(\S+)/g), ([, name = "", value = ""]) => [name, value]));
