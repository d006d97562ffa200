import type { ContainerPlan, DryRun } from "../lib/schema/dry-run.ts";
import type { RunRequest } from "../lib/schema/run.ts";
import { jsonOf, type Client } from "./client.ts";
import { minutes } from "./closing.ts";
import { Failure } from "./failure.ts";
import { print, printJson } from "./print.ts";

/** Asks what a run would come to and prints it; a refusal has the exit code that the run would have had. */
export const tryOut = async (client: Client, request: RunRequest, { json }: { json: boolean }): Promise<void> => {
  const input = { json: request, query: { dry_run: "true" as const }, header: {} };
  const answer = (await jsonOf(await client.run.$post(input))) as DryRun; // of its two answers the one that was asked for
  if (json) printJson(answer);
  if (answer.allowed) {
    if (!json) print(describe(answer.plan));
    return;
  }
  const { exitCodeOf } = await import("../lib/errors.ts");
  const { code, error } = answer.refusal;
  throw new Failure(`it would be refused: ${error}`, exitCodeOf(code));
};

/** A plan in lines of a name and a value. */
export const describe = ({ image, pull, limits, ...plan }: ContainerPlan): string =>
  [
    ["image", image.reference],
    ["digest", pull ? "not known yet: the image is pulled first" : image.digest],
    ["user", plan.user],
    ["workdir", plan.workdir],
    ["root", plan.read_only ? "read-only" : "writable"],
    ["network", plan.network],
    ["memory", `${Math.round(limits.memory_bytes / 1024 ** 2)} MiB`],
    ["cpus", limits.cpus],
    ...(limits.cpu_shares === undefined ? [] : [["cpu shares", String(limits.cpu_shares)]]),
    ["pids", String(limits.pids)],
    ["timeout", minutes(limits.timeout_ms)],
    ...plan.volumes.map((volume) => ["volume", describeVolume(volume)]),
    ...plan.services.map((service) => ["service", describeService(service)]),
    ...plan.hooks.flatMap(({ name, commands }) =>
      commands.map((command) => ["hook", `${name}: ${firstLine(command)}`]),
    ),
    ...plan.env.map((name) => ["env", name]),
    ...plan.secrets.map(({ variable, name }) => ["env", `${variable}, from the secret ${name}`]),
  ]
    .map(([name = "", value = ""]) => `${name.padEnd(widest)}  ${value}`)
    .join("\n");

const describeService = ({ name, image, networks, memory_bytes }: ContainerPlan["services"][number]): string =>
  `${name}: ${image}, ${Math.round(memory_bytes / 1024 ** 2)} MiB, on ${networks.join(", ")}`;

const firstLine = (text: string): string => text.replace(/\n.*/s, "…");

const widest = "cpu shares".length;

const describeVolume = ({ source, target, read_only, missing }: ContainerPlan["volumes"][number]): string =>
  `${source} at ${target}${read_only ? ", read-only" : ""}${missing ? ", to be made" : ""}`;
