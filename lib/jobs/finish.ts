import type { OpenDoor } from "../broker/broker.ts";
import type { Log } from "../log.ts";
import type { Containers } from "../podman/containers.ts";
import type { Ends } from "../podman/ends.ts";
import type { Config } from "../schema/config.ts";
import { bytesOf } from "../schema/units.ts";
import type { Job } from "../store/job-rows.ts";
import { jobFolder } from "./folder.ts";
import type { Live } from "./live.ts";
import { startRecorder } from "./recorder.ts";
import { settle, type SettleDeps } from "./settle.ts";
import { waitForEnd } from "./wait.ts";

export type FinishDeps = SettleDeps & {
  config: Config;
  containers: Containers;
  ends: Ends;
  jobsFolder: string;
  log: Log;
};

/** `surely` does a thing until it works; both it and the wait throw `shutting_down` once `detached` aborts. */
export type Running = {
  live: Live;
  door: OpenDoor;
  takenUp: boolean;
  detached: AbortSignal;
  surely: <Value>(what: string, work: () => Value | Promise<Value>) => Promise<Value>;
};

/** From a container that runs to a row that is closed; on the way its lines become events. */
export const finish = async (
  deps: FinishDeps,
  id: string,
  { live, door, takenUp, detached, surely }: Running,
): Promise<void> => {
  const { config, log } = deps;
  const folder = jobFolder(deps.jobsFolder, id);
  const maxBytes = bytesOf(config.jobs.max_output);
  await using recorder = await surely("following a job", () =>
    startRecorder({ folder, bell: live.bell, maxBytes, log }),
  );
  const watch = { cancel: live.cancel.signal, detached, takenUp, recorder, door, folder };
  const end = await waitForEnd(deps, mustFind(deps, id), watch);
  await recorder.finish(detached); // first: when the row has ended, its events are complete
  const outcome = await surely("settling a job", () => {
    const job = mustFind(deps, id); // anew: it may have been told to stop
    return settle(deps, job, { ...end, folder, shown: recorder.taken() });
  });
  log.info({ job: id, outcome }, "run ended");
};

const mustFind = ({ jobs }: FinishDeps, id: string): Job => {
  const job = jobs.find(id);
  if (!job) throw new Error(`job ${id} has no row`);
  return job;
};
