import { readFile } from "node:fs/promises";
import type { CliFinder } from "../agent/binary.ts";
import { promptLine } from "../agent/flags.ts";
import type { Broker, OpenDoor } from "../broker/broker.ts";
import { createHandle, hashHandle } from "../broker/handle.ts";
import { noCredentials, type Credential } from "../credentials.ts";
import { StromboliError } from "../errors.ts";
import { planContainer, planEnvironment, type Placement } from "../policy/container.ts";
import { planRun, type Machine } from "../policy/plan.ts";
import type { ContainerSpec } from "../podman/argv.ts";
import type { Containers } from "../podman/containers.ts";
import type { Ends } from "../podman/ends.ts";
import type { Images } from "../podman/images.ts";
import { lastLine } from "../podman/podman.ts";
import type { Config } from "../schema/config.ts";
import { choiceOf, type Sessions } from "../sessions.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobStore } from "../store/jobs.ts";
import { fillFolder, jobFolder, openFiles, writeEnv, type JobFolder } from "./folder.ts";
import { volumeRules } from "./volume-rules.ts";

export type LaunchDeps = {
  config: Config;
  machine: Machine;
  jobsFolder: string;
  jobs: JobStore;
  sessions: Sessions;
  containers: Containers;
  ends: Ends;
  images: Images;
  cli: CliFinder;
  credential: () => Credential | undefined;
  broker: Broker;
  now: () => number;
};

/**
 * Gets the container of a claimed job running; the broker's door stays open until the result is disposed of. Policy is
 * asked again: the job may have waited long, and what is mounted is looked at as late as can be.
 */
export const launch = async (deps: LaunchDeps, job: Job): Promise<OpenDoor & AsyncDisposable> => {
  const { config, machine, jobs, sessions } = deps;
  const request = jobs.request(job.id);
  const folder = jobFolder(deps.jobsFolder, job.id);
  fillFolder(folder, promptLine(request.prompt, request.claude ?? {}));
  const plan = planRun(request, config, { machine, rules: volumeRules(config) });
  const credential = request.demo ? "api_key" : deps.credential()?.kind;
  if (!credential) throw noCredentials();
  const image = await deps.images.byId(job.image.id);
  const choice = choiceOf(job, request);
  await using stack = new AsyncDisposableStack();
  const session = await sessions.prepare(choice, plan.user);
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
    container: job.container,
    imageId: job.image.id,
    imagePath: image.path,
    binary: deps.cli.forImage(plan.image, image),
    conversation: sessions.conversation(choice),
    credential,
    folders: { home: session.home, workspace: session.workspace, broker: folder.broker, envFile: folder.env },
    handOver: session.handOver,
    tcpPort: door.port,
    handle,
  };
  if (jobs.progress(job.id)?.stopReason) throw new StromboliError("job_ended", "the run was cancelled before it began");
  const spec = planContainer(request, plan, { config, machine, placement });
  await start(deps, { spec, folder, env: planEnvironment(request, config, placement) });
  const owned = stack.move();
  return { ...door, [Symbol.asyncDispose]: () => owned.disposeAsync() };
};

const start = async (
  { containers, ends }: LaunchDeps,
  { spec, folder, env }: { spec: ContainerSpec; folder: JobFolder; env: string },
): Promise<void> => {
  await writeEnv(folder, env);
  using files = openFiles(folder);
  ends.expect();
  const exitCode = await containers.start(spec, files);
  if (exitCode === 0) return;
  const said = lastLine(await readFile(folder.stderr, "utf8")); // the container never ran: these words are Podman's
  throw new StromboliError("start_failed", `Podman could not start the container: ${said}`);
};
