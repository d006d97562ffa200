import type { Statement } from "better-sqlite3";
import { statusOf } from "../agent/result.ts";
import { Outcome, type JobQuery, type JobStatus } from "../schema/job.ts";
import type { Db } from "./database.ts";
import { columns, toJob, type Job, type Row } from "./job-rows.ts";

export type JobLister = ReturnType<typeof createJobLister>;

const defaultLimit = 50;

/** Pages of jobs, newest first: of one owner, or of all. */
export const createJobLister = (db: Db) => {
  const newest = createSelects(db);

  return (
    { limit = defaultLimit, ...query }: JobQuery,
    owner?: string,
  ): { jobs: Job[]; nextCursor: number | undefined } => {
    const mine: Condition[] = owner === undefined ? [] : [{ sql: "owner = ?", value: [owner] }];
    const conditions = [...mine, ...conditionsOf(query)];
    const where = ["true", ...conditions.map(({ sql }) => sql)].join(" and ");
    const values = conditions.flatMap(({ value }) => value);
    const rows = newest(where).all(...values, limit + 1);
    const jobs = rows.slice(0, limit).map(toJob);
    return { jobs, nextCursor: rows.length > limit ? jobs.at(-1)?.seq : undefined };
  };
};

type Select = Statement<unknown[], Row>;

/** Each kind of question is prepared once; there are at most some hundred, as values are never part of one. */
const createSelects = (db: Db) => {
  const prepared = new Map<string, Select>();
  return (where: string): Select => {
    const known = prepared.get(where);
    if (known) return known;
    const select: Select = db.prepare(`select ${columns} from jobs where ${where} order by seq desc limit ?`);
    prepared.set(where, select);
    return select;
  };
};

type Condition = { sql: string; value: unknown[] };

const conditionsOf = ({ status, session_id, label, id, cursor }: JobQuery): Condition[] => [
  ...(status === undefined ? [] : [statusIs(status)]),
  ...(session_id === undefined ? [] : [{ sql: "session_id = ?", value: [session_id] }]),
  ...(label === undefined ? [] : [labelIs(label)]),
  ...(id === undefined ? [] : [idBegins(id)]),
  ...(cursor === undefined ? [] : [{ sql: "seq < ?", value: [cursor] }]),
];

const statusIs = (status: JobStatus): Condition => {
  if (status === "pending") return { sql: "state <> 'ended' and state = 'pending'", value: [] };
  if (status === "running") return { sql: "state <> 'ended' and state in ('starting', 'running')", value: [] };
  const outcomes = Outcome.options.filter((outcome) => statusOf(outcome) === status);
  return { sql: `outcome in (${outcomes.map(() => "?").join(", ")})`, value: outcomes };
};

/** The schema admits names without quotes, so that a name is a path of SQLite's JSON when it stands in some. */
const labelIs = (label: string): Condition => {
  const at = label.indexOf("=");
  const path = `$."${at < 0 ? label : label.slice(0, at)}"`;
  if (at < 0) return { sql: "json_extract(labels, ?) is not null", value: [path] };
  return { sql: "json_extract(labels, ?) = ?", value: [path, label.slice(at + 1)] };
};

/** Two ranges of the index: the id as it stands, or behind one of the prefixes. */
const idBegins = (id: string): Condition => {
  const beginnings = /^(job|run)-/.test(id) ? [id] : [`job-${id}`, `run-${id}`];
  const sql = beginnings.map(() => "(id >= ? and id < ?)").join(" or ");
  return { sql: `(${sql})`, value: beginnings.flatMap((begin) => [begin, `${begin}g`]) }; // ids are hexadecimal, so no id reaches g
};
