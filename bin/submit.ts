import type { DryRun } from "../lib/schema/dry-run.ts";
import type { RunRequest } from "../lib/schema/run.ts";
import { failureOf, jsonOf, type Client } from "./client.ts";
import { Failure } from "./failure.ts";
import type { Interrupts } from "./interrupts.ts";
import { patiently } from "../lib/client/patience.ts";

export type Submitted = { job_id: string; session_id: string };

/** Hands a run to the daemon, and makes one job of it however often it has to be sent: by the key the daemon knows it. */
export const submit = (
  client: Client,
  json: RunRequest,
  { key, ...patience }: Parameters<typeof patiently>[1] & { key: string },
): Promise<Submitted> => {
  const input = { json, query: {}, header: { "idempotency-key": key } };
  const send = async () => {
    const body = await jsonOf<Submitted | DryRun>(await client.run.async.$post(input, initOf(patience.signal)));
    return body as Submitted; // no dry run was asked for
  };
  return patiently(send, patience);
};

/** Ends the job that a submit has made, or is about to make, and says what came of that. */
export const withdraw = async (
  client: Client,
  submitted: Promise<Submitted>,
  interrupts: Pick<Interrupts, "again" | "exitCode">,
): Promise<Failure> => {
  const interrupted = (what: string) => new Failure(`interrupted; ${what}`, interrupts.exitCode());
  let id: string | undefined;
  try {
    id = (await submitted).job_id;
    const cancelled = await cancelPatiently(client, id, interrupts.again);
    return interrupted(cancelled ? "the run is cancelled" : "the run had ended");
  } catch (error) {
    if (id !== undefined) return interrupted(`the run may go on, cancel it with: stromboli cancel ${id}`);
    return interrupted(error instanceof Failure ? "no run was begun" : "a run may have begun, see: stromboli ps");
  }
};

/** Asks for the end of a job; false when it had ended already. */
export const cancel = async (client: Client, id: string, signal?: AbortSignal): Promise<boolean> => {
  const answer = await client.jobs[":id"].$delete({ param: { id } }, initOf(signal));
  const { ok, status }: { ok: boolean; status: number } = answer; // its type knows success alone
  const text = await answer.text();
  if (!ok && status !== 409) throw await failureOf(text);
  return ok;
};

const initOf = (signal: AbortSignal | undefined) => signal && { init: { signal } };

/** Who wants to leave does not want to wait for long. */
const cancelPatiently = async (client: Client, id: string, signal: AbortSignal): Promise<boolean> => {
  let tries = 0;
  const again = () => {
    tries += 1;
    return cancel(client, id, signal);
  };
  const ended = await patiently(again, { giveUpAfterMs: 10_000, signal });
  return ended || tries > 1; // then a try before ended it, and its answer was lost
};
