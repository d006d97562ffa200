import { isSampled, type JobTrace } from "../traces/trace.ts";
import type { Db } from "./database.ts";

export type JobTraceStore = ReturnType<typeof createJobTraceStore>;

/** Where jobs stand in traces, and whose spans have yet to be sent. */
export const createJobTraceStore = (db: Db) => {
  const insert = db.prepare<[JobTrace & { jobId: string; due: number }]>(`
    insert into job_traces (job_id, trace_id, parent_span_id, span_id, flags, state, due)
    values (@jobId, @traceId, @parentSpanId, @spanId, @flags, @state, @due)`);
  const find = db.prepare<[string], JobTrace>(`
    select trace_id as traceId, parent_span_id as parentSpanId, span_id as spanId, flags, state
    from job_traces where job_id = ?`);
  const due = db.prepare<[], { id: string }>(`
    select jobs.id from job_traces cross join jobs on jobs.id = job_traces.job_id
    where job_traces.due = 1 and jobs.state = 'ended' order by job_traces.rowid limit 1`);
  const settle = db.prepare("update job_traces set due = 0 where job_id = ?");
  const giveUp = db.prepare(`
    update job_traces set due = 0
    where due = 1 and exists (select 1 from jobs where id = job_id and state = 'ended' and ended_at < ?)`);

  return {
    /** For the transaction that makes the job. */
    insert: (jobId: string, trace: JobTrace): void => {
      insert.run({ jobId, ...trace, due: isSampled(trace) && trace.spanId !== null ? 1 : 0 });
    },
    find: (jobId: string): JobTrace | undefined => find.get(jobId),
    /** The first that came of the jobs that have ended and whose spans have yet to be sent. */
    due: (): string | undefined => due.get()?.id,
    /** Its spans are sent, or never will be. */
    settle: (jobId: string): void => void settle.run(jobId),
    /** Those of jobs that ended before a time never will be. */
    giveUp: (before: number): void => void giveUp.run(before),
  };
};
