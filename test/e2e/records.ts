import { join } from "node:path";
import Database from "better-sqlite3";
import { until } from "./wait.ts";

export type JobRow = { id: string; state: string; container: string; outcome: string | null; exit_code: number | null };
export type ApiRequestRow = { job_id: string; path: string; model: string; status: number; output_tokens: number };

/** What the daemon has written down, read from outside while it runs or after it. */
export const createRecords = (state: string) => {
  const query = <Row>(sql: string, ...values: string[]): Row[] => {
    const db = new Database(join(state, "stromboli.db"), { readonly: true });
    try {
      return db.prepare<string[], Row>(sql).all(...values);
    } finally {
      db.close();
    }
  };
  const jobsOf = (session: string) =>
    query<JobRow>("select * from jobs where session_id = ? order by created_at", session);

  return {
    jobsOf,
    /** What a job was asked for. */
    requestOf: (job: string) =>
      query<{ request: string }>("select request from job_requests where job_id = ?", job).map(
        ({ request }) => JSON.parse(request) as { prompt: string },
      )[0],
    apiRequestsOf: (job: string) => query<ApiRequestRow>("select * from api_requests where job_id = ?", job),
    /** How many rows there are of `table where condition`. */
    count: (rows: string) => query<{ count: number }>(`select count(*) as count from ${rows}`)[0]?.count,
    knowsSession: (session: string) => query("select id from sessions where id = ?", session).length > 0,
    /** The newest job of a session, once it is in a state. */
    job: (session: string, wanted: "running" | "ended") =>
      until(`a job of ${session} that is ${wanted}`, () => {
        const row = jobsOf(session).at(-1);
        return row?.state === wanted && row;
      }),
    /** Why a job is being ended, or was. */
    stopReason: (id: string) =>
      query<{ stop_reason: string | null }>("select stop_reason from jobs where id = ?", id)[0]?.stop_reason,
    /** A synchronous run that waits for its turn. */
    pendingRun: () =>
      until(
        "a run that waits",
        () => query<JobRow>("select * from jobs where state = 'pending' and id like 'run-%'")[0],
      ),
  };
};
