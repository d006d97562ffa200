import { createHash, randomBytes } from "node:crypto";
import type { CliFinder } from "../agent/binary.ts";
import type { Caller } from "../auth/caller.ts";
import { noCredentials, type Credential } from "../credentials.ts";
import { StromboliError } from "../errors.ts";
import { planRun, serviceSecrets, type Machine, type Plan } from "../policy/plan.ts";
import type { VolumeRules } from "../policy/volumes.ts";
import type { Images } from "../podman/images.ts";
import type { Config } from "../schema/config.ts";
import type { RunRequest } from "../schema/run.ts";
import type { Secrets } from "../secrets.ts";
import type { Choice, Sessions } from "../sessions.ts";
import type { Db } from "../store/database.ts";
import { keyLifeMs, type IdempotencyStore } from "../store/idempotency.ts";
import type { JobStore, NewJob } from "../store/jobs.ts";
import { titleOf } from "../title.ts";
import type { SessionStore } from "../store/sessions.ts";
import type { JobTraceStore } from "../store/job-traces.ts";
import type { Job } from "../store/job-rows.ts";
import type { JobTrace } from "../traces/trace.ts";
import { refusedUrl } from "../webhooks/address.ts";
import { checkServiceImage, chooseImage } from "./choose-image.ts";

export type AdmissionDeps = {
  config: Config;
  machine: Machine;
  volumeRules: () => VolumeRules;
  db: Db;
  jobs: JobStore;
  sessions: Sessions;
  sessionStore: SessionStore;
  idempotency: IdempotencyStore;
  jobTraces: Pick<JobTraceStore, "insert">;
  images: Pick<Images, "find" | "findAny" | "byId" | "listed">;
  secrets: Pick<Secrets, "check">;
  cli: CliFinder;
  credential: () => Credential | undefined;
  now: () => number;
};

/** How a caller hands in a request: `run` waits for the result, `job` comes back for it. */
export type Mode = "run" | "job";
export type Asked = {
  caller: Caller;
  request: RunRequest;
  mode: Mode;
  key?: string | undefined;
  trace?: JobTrace | undefined;
};
export type Admitted = {
  id: string;
  sessionId: string;
  /** An earlier request with the same key had made it. */ isRepeat: boolean;
};

/** Lets a request in: everything that can be refused is refused here, and then the job is a row. */
export const admit = async (
  deps: AdmissionDeps,
  asked: Asked,
  checkRoom: (owner: string) => void,
): Promise<Admitted> => {
  const repeated = repeat(deps, asked);
  if (repeated) return repeated;
  checkRoom(asked.caller.name);
  const decided = await decide(deps, asked);
  return deps.db.transaction(() => {
    const known = repeat(deps, asked); // anew, and without an await from here on: two requests see each other
    if (!known) checkRoom(asked.caller.name);
    return known ?? enter(deps, asked, decided);
  })();
};

/** All of it but the row: what a request would come to, or why it would be refused. */
export const rehearse = async (
  deps: AdmissionDeps,
  asked: Asked,
  checkRoom: (owner: string) => void,
): Promise<Decided> => {
  repeat(deps, asked);
  checkRoom(asked.caller.name);
  const decided = await decide(deps, asked);
  chooseSession(deps, asked);
  return decided;
};

export type Decided = { plan: Plan; image: Job["image"] };

const decide = async (deps: AdmissionDeps, asked: Asked): Promise<Decided> => {
  const { config, machine, secrets } = deps;
  checkWebhook(config, asked);
  const plan = planRun(asked.request, config, { machine, rules: deps.volumeRules() });
  if (!asked.request.demo && !deps.credential()) throw noCredentials();
  const [image] = await Promise.all([
    chooseImage(deps, plan),
    ...(plan.stack?.services ?? []).map((service) => checkServiceImage(deps, service)),
    secrets.check(asked.caller, secretsOf(plan)),
  ]);
  return { plan, image };
};

const secretsOf = (plan: Plan): string[] => [...plan.secrets.map(({ name }) => name), ...serviceSecrets(plan)];

const newId = (mode: Mode): string => `${mode}-${randomBytes(8).toString("hex")}`;

const enter = (deps: AdmissionDeps, asked: Asked, { plan, image }: Decided): Admitted => {
  const { caller, request, mode, key, trace } = asked;
  const choice = chooseSession(deps, asked);
  const id = newId(mode);
  const at = deps.now();
  const job: NewJob = {
    id,
    owner: caller.name,
    sessionId: choice.id,
    request,
    container: `stromboli-${id}`,
    image,
    forkedFrom: choice.from ?? null,
    serviceSecrets: serviceSecrets(plan),
    timeoutMs: plan.limits.timeoutMs,
    createdAt: at,
  };
  deps.jobs.insert(job);
  if (trace) deps.jobTraces.insert(id, trace);
  if (choice.isNew && choice.keep) {
    deps.sessionStore.insert({
      id: choice.id,
      owner: caller.name,
      title: titleOf(request.prompt),
      workdir: plan.workdir,
      createdAt: at,
    });
  }
  if (key !== undefined)
    deps.idempotency.take({ owner: caller.name, key, hash: hashOf(asked), jobId: id, at, since: at - keyLifeMs });
  return { id, sessionId: choice.id, isRepeat: false };
};

const chooseSession = (deps: AdmissionDeps, { caller, request, mode }: Asked): Choice => {
  const choice = deps.sessions.choose(request, caller);
  if (mode === "run" || choice.isNew) refuseBusySession(deps, choice, mode);
  return choice;
};

/** Who waits for an answer is told at once that it would take long; who comes back for it is given a turn. */
const refuseBusySession = ({ jobs }: AdmissionDeps, { id, from }: Choice, mode: Mode): void => {
  const busy = (mode === "run" ? [id, from] : [id]).find((session) => session !== undefined && jobs.uses(session));
  if (busy !== undefined) throw new StromboliError("session_in_use", `another run is using session ${busy}`);
};

const checkWebhook = ({ webhooks }: Config, { request: { webhook_url: url }, mode }: Asked): void => {
  if (url === undefined) return;
  if (mode === "run") throw new StromboliError("invalid_request", "webhook_url goes with POST /run/async alone");
  const refusal = refusedUrl(url, webhooks);
  if (refusal !== undefined) throw new StromboliError("invalid_request", `webhook_url: ${refusal}`);
};

/** The job that a key stands for already. */
const repeat = ({ idempotency, jobs, now }: AdmissionDeps, asked: Asked): Admitted | undefined => {
  if (asked.key === undefined) return undefined;
  const known = idempotency.find({ owner: asked.caller.name, key: asked.key }, now() - keyLifeMs);
  if (!known) return undefined;
  if (known.requestHash !== hashOf(asked))
    throw new StromboliError("idempotency_mismatch", "this idempotency key was used for another request");
  const job = jobs.find(known.jobId);
  return job && { id: job.id, sessionId: job.sessionId, isRepeat: true };
};

/** The same for the same request, however its fields are ordered. */
const hashOf = ({ request, mode }: Asked): string =>
  createHash("sha256")
    .update(`${mode} ${JSON.stringify({ ...request, idempotency_key: undefined }, sorted)}`)
    .digest("hex");

const sorted = (_name: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;
