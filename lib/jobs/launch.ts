import { readFile } from "node:fs/promises";
import type { CliFinder } from "../agent/binary.ts";
import { promptLine } from "../agent/flags.ts";
import type { Broker, OpenDoor } from "../broker/broker.ts";
import { createHandle, hashHandle } from "../broker/handle.ts";
import { stackName } from "../compose/spec.ts";
import { noCredentials, type Credential } from "../credentials.ts";
import { StromboliError } from "../errors.ts";
import { hookScript } from "../hooks/script.ts";
import { planImages } from "../policy/images.ts";
import { planContainer, planEnvironment, type Placement } from "../policy/container.ts";
import { checkShell } from "../policy/shell.ts";
import { planRun, serviceSecrets, type Machine, type Plan } from "../policy/plan.ts";
import type { VolumeRules } from "../policy/volumes.ts";
import type { ContainerSpec } from "../podman/argv.ts";
import type { Containers } from "../podman/containers.ts";
import type { Ends } from "../podman/ends.ts";
import type { Images } from "../podman/images.ts";
import { lastLine } from "../podman/podman.ts";
import type { Config } from "../schema/config.ts";
import type { RunRequest } from "../schema/run.ts";
import { choiceOf, type Sessions } from "../sessions.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobTraceStore } from "../store/job-traces.ts";
import type { JobStore } from "../store/jobs.ts";
import { fillFolder, jobFolder, openFiles, writeEnv, writeHookScript, type JobFolder } from "./folder.ts";
import { makeMissing } from "./make-missing.ts";
import type { JobStacks } from "./stacks.ts";
import { foundChanged, writeVolumeCheck } from "./volume-check.ts";

export type LaunchDeps = {
  config: Config;
  machine: Machine;
  volumeRules: () => VolumeRules;
  jobsFolder: string;
  jobs: JobStore;
  jobTraces: Pick<JobTraceStore, "find">;
  sessions: Sessions;
  containers: Containers;
  ends: Ends;
  images: Pick<Images, "byId">;
  cli: CliFinder;
  credential: () => Credential | undefined;
  broker: Broker;
  stacks: Pick<JobStacks, "raise">;
  now: () => number;
};

/**
 * Gets the container of a claimed job running; the broker's door stays open until the result is disposed of. Policy is
 * asked again: the job may have waited long, and what is mounted is looked at as late as can be.
 */
export const launch = async (deps: LaunchDeps, job: Job, signal: AbortSignal): Promise<OpenDoor & AsyncDisposable> => {
  const { config, machine, jobs, sessions } = deps;
  const request = jobs.request(job.id);
  const folder = jobFolder(deps.jobsFolder, job.id);
  fillFolder(folder, promptLine(request.prompt, request.claude ?? {}));
  const plan = planAgain(deps, job, request);
  const credential = request.demo ? "api_key" : deps.credential()?.kind;
  if (!credential) throw noCredentials();
  const image = await deps.images.byId(job.image.id);
  checkShell(plan, { reference: job.image.reference, shell: image.shell }); // one that was pulled was not here to be looked into
  const choice = choiceOf(job, request);
  await using stack = new AsyncDisposableStack();
  const { handOver, ...session } = await sessions.prepare(choice, plan.user);
  const handle = createHandle();
  const door = await deps.broker.open({
    jobId: job.id,
    handleHash: hashHandle(handle),
    demo: request.demo ?? false,
    folder: config.claude.transport === "tcp" ? undefined : folder.broker,
  });
  stack.defer(() => door.close());
  jobs.opened(job.id, { hash: hashHandle(handle), port: door.port ?? null });

  const placement: Placement = {
    jobId: job.id,
    stack: stackName(machine.stateLabel, job.sessionId),
    container: job.container,
    imageId: job.image.id,
    imagePath: image.path,
    binary: deps.cli.forImage(job.image.reference, image),
    conversation: sessions.conversation(choice),
    credential,
    folders: { ...session, broker: folder.broker, envFile: folder.env, ociHooks: folder.ociHooks },
    handOver,
    tcpPort: door.port,
    handle,
    trace: deps.jobTraces.find(job.id),
  };
  await deps.stacks.raise(job, plan, signal);
  if (jobs.progress(job.id)?.stopReason) throw new StromboliError("job_ended", "the run was cancelled before it began");
  const spec = planContainer(request, plan, { config, machine, placement });
  await start(deps, {
    spec,
    folder,
    plan,
    env: planEnvironment(request, { config, placement, env: plan.env }),
  });
  const owned = stack.move();
  return { ...door, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

/** As at the admission, and for the image that was found then: the rules may be others by now. */
const planAgain = ({ config, machine, volumeRules }: LaunchDeps, job: Job, request: RunRequest): Plan => {
  const plan = () => planRun(request, config, { machine, rules: volumeRules() });
  planImages(job.image.reference, config);
  const first = plan();
  const more = serviceSecrets(first).find((name) => !job.serviceSecrets.includes(name));
  if (more !== undefined)
    throw new StromboliError("compose_invalid", `the file has named the secret ${more} only since the run was let in`);
  return makeMissing(first) ? plan() : first;
};

const start = async (
  { containers, ends }: LaunchDeps,
  { spec, folder, plan, env }: { spec: ContainerSpec; folder: JobFolder; plan: Plan; env: string },
): Promise<void> => {
  await writeEnv(folder, env);
  const { volumes, hooks } = plan;
  if (volumes.length > 0) await writeVolumeCheck(folder.ociHooks, volumes);
  if (hooks) await writeHookScript(folder, hookScript(hooks));
  using files = openFiles(folder, { hooks: hooks !== undefined });
  ends.expect();
  const exitCode = await containers.start(spec, files);
  if (exitCode === 0) return;
  const changed = await foundChanged(folder.ociHooks);
  if (changed) throw changed;
  const said = lastLine(await readFile(folder.stderr, "utf8")); // the container never ran: these words are Podman's
  throw new StromboliError("start_failed", `Podman could not start the container: ${said}`);
};
