import { text } from "node:stream/consumers";
import { Command, Option } from "commander";
import { createClient, isUnreachable } from "../client.ts";
import { tryOut } from "../dry-run.ts";
import { ensureDaemon } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { listenForInterrupts, unless } from "../interrupts.ts";
import { requestFrom, type RunFlags } from "../run-request.ts";
import { submit, withdraw, type Submitted } from "../submit.ts";
import { watch } from "../watch.ts";
import { print, printJson } from "../print.ts";

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
    .option("--compose <file>", "run the services of a compose file beside the agent")
    .option("--service <name>", "the service of that file whose place the agent takes")
    .option("--keep-services", "leave them up for a while, for the session's next run")
    .addOption(new Option("--network <mode>", "none: only the model can be reached").choices(["none", "full"]))
    .option("--on-create <command>", "shell command to run first, once in a session", collect)
    .option("--post-create <command>", "the same, after all --on-create", collect)
    .option("--post-start <command>", "shell command to run before the agent, in every run", collect)
    .option("--hooks-timeout <duration>", "end the run when these take longer; 5m by default")
    .option("--max-turns <number>", "stop after this many turns")
    .option("--max-budget-usd <amount>", "stop once it has cost this much")
    .option("--allowed-tools <tools>", "tools that need no permission, such as 'Bash(git *),Edit'", collect)
    .option("--permission-mode <mode>", "what to do when a tool needs a permission, such as acceptEdits")
    .option("--yolo", "let every tool run without asking: the container is the wall")
    .option("--demo", "let the built-in scripted model answer: free, no credentials")
    .option("-d, --detach", "print the job's id and leave; it runs in the background")
    .option("--priority <number>", "start before waiting jobs of a lower one, from -100 to 100")
    .option("--label <NAME=value>", "a name and value of your own, kept with the job", collect)
    .option("--webhook <url>", "what to tell when the run has ended")
    .option("--idempotency-key <key>", "with a key that was used within 24 h: that run, not another")
    .option("--dry-run", "say what would run, or why it would be refused, and run nothing")
    .option("--json", "print the whole result as JSON")
    .addHelpText(
      "after",
      `
Ctrl-C cancels the run; a lost connection does not.

Examples:
  stromboli run "What is the meaning of life?"
  stromboli run -v . --yolo "Run the tests and fix what fails"
  stromboli run -i python:3.12 --secret GH_TOKEN=github "Close stale issues"
  stromboli run -v . --on-create "npm ci" "Run the tests"
  stromboli run -v . --compose compose.yaml "Load the fixtures"
  stromboli run - < prompt.md
  job=$(stromboli run -d -v . "Update the docs") && stromboli wait $job`,
    )
    .action(run);

type Flags = RunFlags & { detach?: true; idempotencyKey?: string; json?: boolean; dryRun?: true };

const run = async (
  words: string[],
  { detach, idempotencyKey, json = false, dryRun, ...flags }: Flags,
): Promise<void> => {
  const request = requestFrom(await readPrompt(words), flags, process);
  const key = checkKey(idempotencyKey ?? crypto.randomUUID());
  const client = createClient(await ensureDaemon(process.env));
  if (dryRun) return tryOut(client, request, { json });
  using interrupts = listenForInterrupts();
  const submitted = submit(client, request, { key, signal: interrupts.again });
  try {
    const job = await unless(interrupts.first, submitted);
    if (detach) printJob(job, json);
    else await watch(client, job.job_id, { json, signal: interrupts.first });
  } catch (error) {
    if (interrupts.first.aborted) throw await withdraw(client, submitted, interrupts);
    throw isUnreachable(error) ? neverTaken() : error;
  }
};

const neverTaken = () =>
  new Failure(
    "the connection to the daemon was lost before it took the run; its log may say why",
    exitCodes.unreachable,
  );

const printJob = (job: Submitted, json: boolean): void => (json ? printJson(job) : print(job.job_id));

const checkKey = (key: string): string => {
  if (/^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new Failure(`--idempotency-key ${key}: must be 1 to 255 printable ASCII characters`, exitCodes.usage);
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
