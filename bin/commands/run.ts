import { text } from "node:stream/consumers";
import { Command, Option } from "commander";
import { eventsOf } from "../../lib/agent/events.ts";
import type { Outcome, RunResponse } from "../../lib/schema/job.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { createClient, failureOf, isUnreachable, type Client } from "../client.ts";
import { ensureDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { closing } from "../closing.ts";
import { eventsFrom } from "../sse.ts";
import { requestFrom, type RunFlags } from "../run-request.ts";

const collect = (value: string, before: string[] = []) => [...before, value];

export const runCommand = () =>
  new Command("run")
    .description("Run a prompt in a container of its own and print the answer.")
    .argument("[prompt...]", "what the agent should do; from standard input when left out")
    .option("-m, --model <model>", "model name or alias, such as sonnet")
    .option("-i, --image <image>", "container image; any image with glibc will do")
    .option("-v, --volume <host:container[:ro]>", "mount a folder; . is the current one at /workspace", collect)
    .option("-w, --workdir <path>", "working directory inside the container")
    .option("-s, --session <id>", "name the session, or with -r the session to continue")
    .option("-r, --resume", "continue the session of -s, or the last one")
    .option("--fork", "with -r: continue under a new id and leave the old session as it is")
    .option("--memory <size>", "memory limit, such as 512m or 2g")
    .option("--cpus <number>", "CPU limit, such as 0.5")
    .option("--timeout <duration>", "end the run after this long, such as 90s or 1h30m")
    .option("-e, --env <NAME=value>", "environment variable; NAME alone passes on yours", collect)
    .option("--secret <ENV=NAME>", "environment variable from a Podman secret", collect)
    .addOption(new Option("--network <mode>", "none: only the model can be reached").choices(["none", "full"]))
    .option("--max-turns <number>", "stop after this many turns")
    .option("--max-budget-usd <amount>", "stop once it has cost this much")
    .option("--allowed-tools <tools>", "tools that need no permission, such as 'Bash(git *),Edit'", collect)
    .option("--permission-mode <mode>", "what to do when a tool needs a permission, such as acceptEdits")
    .option("--yolo", "let every tool run without asking: the container is the wall")
    .option("--demo", "let the built-in scripted model answer: free, no credentials")
    .option("--json", "print the whole result as JSON")
    .addHelpText(
      "after",
      `
Examples:
  stromboli run "What is the meaning of life?"
  stromboli run -v . --yolo "Run the tests and fix what fails"
  stromboli run -i python:3.12 --secret GH_TOKEN=github "Close stale issues"
  stromboli run - < prompt.md`,
    )
    .action(run);

const run = async (words: string[], flags: RunFlags & { json?: true }): Promise<void> => {
  const request = requestFrom(await readPrompt(words), flags, process);
  const client = createClient(await ensureDaemon(process.env));
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt); // not once: the spinner's own handler kills where it is alone
  const live = !flags.json && process.stdout.isTTY;
  try {
    const response = await follow(client, request, { signal: interrupted.signal, live });
    print(response, { json: flags.json ?? false, live });
    process.exitCode = exitCodeOf(response.outcome);
  } catch (error) {
    if (interrupted.signal.aborted) throw new Failure("interrupted; the run is cancelled", exitCodes.interrupted);
    if (!isUnreachable(error)) throw error;
    throw new Failure(
      "the connection to the daemon was lost in the middle of the run; its log may say why",
      exitCodes.unreachable,
    );
  }
};

type FollowOptions = { signal: AbortSignal; live: boolean };

/** Sends the request and shows what comes; hanging up cancels the run. */
const follow = async (client: Client, json: RunRequest, { signal, live }: FollowOptions): Promise<RunResponse> => {
  const answer = await client.run.stream.$post({ json, query: { events: "raw" } }, { init: { signal } });
  if (!answer.ok || !answer.body) throw await failureOf(await answer.text());
  const screen = await openScreen(live);
  let response: RunResponse | undefined;
  try {
    response = await lastOf(answer.body, (line) => eventsOf(line).forEach((event) => screen?.show(event)));
    return response;
  } finally {
    screen?.end(response);
  }
};

const openScreen = async (live: boolean) => {
  const { isTTY } = process.stderr;
  if (!live && !isTTY) return undefined;
  const { createScreen } = await import("../screen.ts");
  return createScreen({ stdout: live ? process.stdout : undefined, stderr: isTTY ? process.stderr : undefined });
};

/** Hands on each line of the agent's output; the run's result is the stream's last event. */
const lastOf = async (body: ReadableStream<Uint8Array>, onLine: (line: string) => void): Promise<RunResponse> => {
  for await (const { event, data } of eventsFrom(body)) {
    if (event === "error") throw await failureOf(data);
    if (event === "done") return JSON.parse(data) as RunResponse; // the daemon's own schema
    onLine(data);
  }
  throw new Failure("the daemon closed the stream before the run ended", exitCodes.unreachable);
};

/** stdout is the answer alone; `live` it is there already. */
const print = (response: RunResponse, { json, live }: { json: boolean; live: boolean }): void => {
  if (json) return console.log(JSON.stringify(response, undefined, 2));
  if (!live) process.stdout.write(response.output.endsWith("\n") ? response.output : `${response.output}\n`);
  if (response.outcome !== "succeeded" || process.stderr.isTTY) console.error(closing(response, process.stderr, live));
};

const readPrompt = async (words: string[]): Promise<string> => {
  const typed = words.join(" ");
  if (typed !== "" && typed !== "-") return typed;
  if (process.stdin.isTTY)
    throw new Failure('there is no prompt; write it behind the command: stromboli run "…"', exitCodes.usage);
  const prompt = await text(process.stdin);
  if (prompt.trim() === "") throw new Failure("the prompt on standard input is empty", exitCodes.usage);
  return prompt;
};

const exits: Partial<Record<Outcome, number>> = {
  succeeded: 0,
  timed_out: exitCodes.timedOut,
  oom_killed: exitCodes.killed,
  killed: exitCodes.killed,
  cancelled: exitCodes.interrupted,
  start_failed: exitCodes.unreachable,
};

const exitCodeOf = (outcome: Outcome): number => exits[outcome] ?? exitCodes.failed;
