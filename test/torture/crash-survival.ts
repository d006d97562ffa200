import { randomUUID } from "node:crypto";
import type { Lane } from "./crash-lane.ts";
import { lookAt } from "./crash-verdict.ts";

type Request = Parameters<Lane["submit"]>[0];

/** A job that daemons are killed over. */
export type Scenario = {
  expected: Partial<Verdict>;
  request: Request | ((lane: Lane) => Request);
  /** Once the job is there and `ready`, this is what the daemon is killed over; else over the job as a whole. */
  act?: {
    ready: (lane: Lane, session: string) => Promise<unknown>;
    start: (lane: Lane, job: string) => Promise<unknown>;
  };
};

/** What can be seen of a job when all is over: also whether its first answer still holds, and how many jobs it made. */
export type Verdict = Awaited<ReturnType<typeof lookAt>> & {
  idsKept: boolean;
  added: number;
  hiddenSessions: string[];
};

/** `points` are those that the first daemon passed. */
export type Survival = { died: boolean; points: string[]; verdict: Verdict };

/** `revive` gets a daemon going again after one that died at `dieAt`. */
export type Death = { dieAt: string; revive: (lane: Lane) => Promise<void> };

/** Hands a job in and has the daemon die over it; then asks again, as a client does, and looks at what came of it all. */
export const survive = async (lane: Lane, scenario: Scenario, { dieAt, revive }: Death): Promise<Survival> => {
  const before = lane.count("jobs") ?? 0;
  const handIn = createHandIn(lane, scenario);
  const first = await provoke(lane, scenario, { dieAt, handIn });
  const died = first ? await lane.dies(dieAt) : await lane.dead();
  const points = lane.points();
  if (died) await revive(lane);
  else lane.arm("never");

  const { job_id: id = "" } = await handIn();
  await scenario.act?.start(lane, id);
  await lane.ended(id);
  await lane.rest();
  const idsKept = first === undefined || first.job_id === id;
  const added = (lane.count("jobs") ?? 0) - before;
  const verdict = { ...(await lookAt(lane, id)), idsKept, added, hiddenSessions: lane.hiddenSessions() };
  return { died, points, verdict };
};

type Receipt = { job_id?: string | undefined; session_id?: string | undefined };
type HandIn = () => Promise<Receipt>;

/** The same job, however often it is handed in. */
const createHandIn = (lane: Lane, { request }: Scenario): HandIn => {
  const headers = { "idempotency-key": randomUUID() };
  const asked = typeof request === "function" ? request(lane) : request;
  return async () => {
    const { status, body } = await lane.submit(asked, headers);
    if (status !== 202) throw new Error(`the daemon answered ${status}: ${body.error}`);
    return body;
  };
};

/** What the client was promised, if it was. */
const provoke = async (
  lane: Lane,
  { act }: Scenario,
  { dieAt, handIn }: { dieAt: string; handIn: HandIn },
): Promise<Receipt | undefined> => {
  if (!act) {
    lane.arm(dieAt);
    return handIn().catch(() => undefined);
  }
  const promised = await handIn();
  await act.ready(lane, String(promised.session_id));
  lane.arm(dieAt);
  await act.start(lane, String(promised.job_id)).catch(() => undefined);
  return promised;
};
