import { readFile } from "node:fs/promises";
import { promptLine } from "../agent/flags.ts";
import type { Broker } from "../broker/broker.ts";
import { StromboliError } from "../errors.ts";
import { planContainer, planEnvironment, type Placement } from "../policy/container.ts";
import type { Machine } from "../policy/plan.ts";
import type { ContainerSpec } from "../podman/argv.ts";
import type { Containers } from "../podman/containers.ts";
import { lastLine } from "../podman/podman.ts";
import type { Config } from "../schema/config.ts";
import type { Sessions } from "../sessions.ts";
import type { JobStore } from "../store/jobs.ts";
import type { Admitted } from "./admit.ts";
import { fillFolder, jobFolder, openFiles, writeEnv, type JobFolder } from "./folder.ts";

export type LaunchDeps = {
  config: Config;
  machine: Machine;
  jobsFolder: string;
  jobs: JobStore;
  sessions: Sessions;
  containers: Containers;
  broker: Broker;
  now: () => number;
};

/** Gets the container running; the broker's door stays open until the result is disposed of. */
export const launch = async (deps: LaunchDeps, admitted: Admitted): Promise<AsyncDisposable> => {
  const { config, machine } = deps;
  const { job, plan, choice } = admitted;
  const folder = jobFolder(deps.jobsFolder, job.id);
  fillFolder(folder, promptLine(job.request.prompt, job.request.claude ?? {})); // before any await: a stream follows it at once
  await using stack = new AsyncDisposableStack();
  const session = await deps.sessions.prepare(choice, plan.user);
  const tcp = config.claude.transport === "tcp";
  const door = await deps.broker.open({
    jobId: job.id,
    handleHash: job.handleHash,
    demo: job.request.demo ?? false,
    folder: tcp ? undefined : folder.broker,
  });
  stack.defer(() => door.close());

  const placement: Placement = {
    jobId: job.id,
    container: job.container,
    imageId: job.image.id,
    imagePath: admitted.imagePath,
    binary: admitted.binary,
    conversation: deps.sessions.conversation(choice),
    credential: admitted.credential,
    folders: { home: session.home, workspace: session.workspace, broker: folder.broker, envFile: folder.env },
    handOver: session.handOver,
    tcpPort: door.port,
    handle: admitted.handle,
  };
  const spec = planContainer(job.request, plan, { config, machine, placement });
  await start(deps, { spec, folder, env: planEnvironment(job.request, config, placement) });
  deps.jobs.started(job.id, deps.now());
  return stack.move();
};

const start = async (
  { containers }: LaunchDeps,
  { spec, folder, env }: { spec: ContainerSpec; folder: JobFolder; env: string },
): Promise<void> => {
  await writeEnv(folder, env);
  using files = openFiles(folder);
  const exitCode = await containers.start(spec, files);
  if (exitCode === 0) return;
  const said = lastLine(await readFile(folder.stderr, "utf8")); // the container never ran: these words are Podman's
  throw new StromboliError("start_failed", `Podman could not start the container: ${said}`);
};
