import { createHash } from "node:crypto";
import type { ServicePlan, StackPlan } from "../compose/plan.ts";
import { specOf, stackName, type ServiceImage } from "../compose/spec.ts";
import type { Images } from "../podman/images.ts";
import type { ServiceSpec } from "../podman/service-argv.ts";
import type { Raising, StackSpec } from "../podman/stacks.ts";
import type { Machine, Plan } from "../policy/plan.ts";
import type { Config } from "../schema/config.ts";
import { millisecondsOf } from "../schema/units.ts";
import type { Job } from "../store/job-rows.ts";
import { lookedFor } from "./choose-image.ts";
import { pullFor, type PullDeps } from "./fetch-image.ts";
import { jobFolder } from "./folder.ts";
import { foundChanged, writeVolumeCheck } from "./volume-check.ts";

export type StackSpecDeps = PullDeps & {
  config: Config;
  machine: Machine;
  jobsFolder: string;
  images: Pick<Images, "listed" | "describe">;
};
type Wanted = { job: Job; plan: Plan & { stack: StackPlan }; keepMs: number; signal: AbortSignal };

/** What a job's stack comes to, its images found or pulled; the same hash means the same services. */
export const specify = async (
  deps: StackSpecDeps,
  { job, plan: { stack, network, limits }, keepMs, signal }: Wanted,
): Promise<{ spec: StackSpec; hash: string }> => {
  const { config, machine, jobsFolder } = deps;
  const found = stack.services.map(
    async (service) => [service.name, await findImage(deps, { job, signal }, service)] as const,
  );
  const images = Object.fromEntries(await Promise.all(found));
  const internal = network === "none";
  const lastsMs = limits.timeoutMs + millisecondsOf(config.compose.health_timeout) + marginMs;
  const spec = specOf(stack, {
    stack: stackName(machine.stateLabel, job.sessionId),
    stateLabel: machine.stateLabel,
    internal,
    images,
    folder: jobFolder(jobsFolder, job.id).services,
    lastResortSeconds: keepMs > 0 ? 0 : Math.ceil(lastsMs / 1000),
    selinux: machine.selinux,
  });
  const hash = createHash("sha256")
    .update(JSON.stringify([stack, internal, images]))
    .digest("hex");
  return { spec, hash };
};

const marginMs = 60_000; // for what is between its own start and the agent's, and to be taken down

/** The image of a service: one that is here, or is pulled where policy has it so. */
const findImage = async (
  deps: StackSpecDeps,
  { job, signal }: Pick<Wanted, "job" | "signal">,
  { images: references }: ServicePlan,
): Promise<ServiceImage> => {
  const { config, images } = deps;
  const { enough, wanted } = lookedFor(references, config.policy.pull);
  const pull = async (reference: string) => images.describe([await pullFor(deps, job, { reference, signal })]);
  const image =
    (await images.listed(enough)) ?? (await (wanted === undefined ? images.describe(references) : pull(wanted)));
  return { id: image.id, health: image.health }; // not its names, which somebody may change: the hash is told by these
};

/** How the services of a job are started. */
export const raisingOf = ({ config }: Pick<StackSpecDeps, "config">, signal: AbortSignal): Raising => ({
  signal,
  deadline: performance.now() + millisecondsOf(config.compose.health_timeout),
  prepare: async ({ ociHooks, volumes }: ServiceSpec) => {
    if (ociHooks !== undefined) await writeVolumeCheck(ociHooks, volumes);
  },
  whyNot: async ({ ociHooks }: ServiceSpec) => (ociHooks === undefined ? undefined : foundChanged(ociHooks)),
});
