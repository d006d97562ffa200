export { ClientError } from "./error.ts";
export type { Connection } from "./ask.ts";
export type { EndedJob, Run, SubmitOptions } from "./jobs.ts";
export type { RunEvent } from "./runs.ts";
export type { FollowOptions, JobEvent } from "./follow.ts";
export type { JobResponse } from "../schema/job.ts";
