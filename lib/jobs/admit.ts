import { randomBytes } from "node:crypto";
import { realpathSync, statSync } from "node:fs";
import type { CliFinder } from "../agent/binary.ts";
import { createHandle, hashHandle } from "../broker/handle.ts";
import { noCredentials, type Credential } from "../credentials.ts";
import { StromboliError } from "../errors.ts";
import { planRun, type Machine, type Plan } from "../policy/plan.ts";
import type { HostPath, VolumeRules } from "../policy/volumes.ts";
import type { Images } from "../podman/images.ts";
import type { Secrets } from "../podman/secrets.ts";
import type { Config } from "../schema/config.ts";
import type { RunRequest } from "../schema/run.ts";
import type { Choice, Sessions } from "../sessions.ts";
import type { Db } from "../store/database.ts";
import type { JobStore, NewJob } from "../store/jobs.ts";
import type { SessionStore } from "../store/sessions.ts";

export type Admitted = {
  job: NewJob;
  plan: Plan;
  choice: Choice;
  imagePath: string;
  binary: string;
  credential: Credential["kind"];
  handle: string;
};

export type AdmissionDeps = {
  config: Config;
  machine: Machine;
  db: Db;
  jobs: JobStore;
  sessions: Sessions;
  sessionStore: SessionStore;
  images: Images;
  secrets: Secrets;
  cli: CliFinder;
  credential: () => Credential | undefined;
  now: () => number;
};

/** Lets a request in: everything that can be refused is refused here, `checkOpen` last, and then the job is a row. */
export const admit = async (deps: AdmissionDeps, request: RunRequest, checkOpen: () => void): Promise<Admitted> => {
  const plan = planRun(request, deps.config, { machine: deps.machine, rules: volumeRules(deps.config) });
  const credential = request.demo ? "api_key" : deps.credential()?.kind;
  if (!credential) throw noCredentials();
  const [image] = await Promise.all([
    deps.images.find(plan.image),
    deps.secrets.check(plan.secrets.map(({ name }) => name)),
  ]);
  const binary = deps.cli.forImage(plan.image, image);

  const id = `run-${randomBytes(8).toString("hex")}`;
  const handle = createHandle();
  checkOpen();
  const choice = deps.sessions.choose(request); // no await between here and the insert: two requests see each other
  const job: NewJob = {
    id,
    sessionId: choice.id,
    request,
    container: `stromboli-${id}`,
    image: { reference: plan.image, id: image.id, digest: image.digest },
    forkedFrom: choice.from ?? null,
    timeoutMs: plan.timeoutMs,
    handleHash: hashHandle(handle),
    createdAt: deps.now(),
  };
  insert(deps, { job, choice, workdir: plan.workdir });
  return { job, plan, choice, imagePath: image.path, binary, credential, handle };
};

const titleLength = 80;

const insert = (
  { db, jobs, sessionStore }: AdmissionDeps,
  { job, choice, workdir }: { job: NewJob; choice: Choice; workdir: string },
): void => {
  const busy = [choice.id, choice.from].find((id) => id !== undefined && jobs.uses(id));
  if (busy !== undefined) throw new StromboliError("session_in_use", `another run is using session ${busy}`);
  db.transaction(() => {
    jobs.insert(job);
    if (choice.isNew && choice.keep) {
      sessionStore.insert({
        id: choice.id,
        title: job.request.prompt.trim().slice(0, titleLength),
        workdir,
        createdAt: job.createdAt,
      });
    }
  })();
};

const volumeRules = ({ policy }: Config): VolumeRules => ({
  allowed: policy.volumes.flatMap((entry) => {
    const real = hostPath(entry.replace(/:ro$/, ""))?.real;
    return real === undefined ? [] : [{ path: real, readOnly: entry.endsWith(":ro") }];
  }),
  resolve: hostPath,
});

const worldWrite = 0o002;

const hostPath = (path: string): HostPath | undefined => {
  try {
    const real = realpathSync(path);
    const { uid, gid, mode } = statSync(real);
    return { real, uid, gid, worldWritable: (mode & worldWrite) !== 0 };
  } catch {
    return undefined; // missing, or not ours to see
  }
};
