import type { z } from "zod";
import type { Health } from "../schema/health.ts";
import { createAsk, type Connection } from "./ask.ts";
import { createJobs, type EndedJob, type Run, type SubmitOptions } from "./jobs.ts";
import { createImages, createSecrets, createSessions } from "./resources.ts";
import { run, streamRun, type RunEvent } from "./runs.ts";

export { ClientError } from "./error.ts";
export type { Connection, EndedJob, Run, RunEvent, SubmitOptions };
export type { FollowOptions, JobEvent } from "./follow.ts";
export type { JobResponse } from "../schema/job.ts";

/** A client of a daemon. Nothing is connected before something is asked, and nothing has to be closed. */
export class Stromboli {
  readonly jobs;
  readonly sessions;
  readonly secrets;
  readonly images;
  readonly #ask;

  constructor(connection: Connection = {}) {
    this.#ask = createAsk(connection);
    this.jobs = createJobs(this.#ask);
    this.sessions = createSessions(this.#ask);
    this.secrets = createSecrets(this.#ask);
    this.images = createImages(this.#ask);
  }

  /** How the daemon and what it depends on are. */
  health(): Promise<z.output<typeof Health>> {
    return this.#ask.json("GET /health");
  }

  /** Runs a prompt to its end, across lost connections and restarts of the daemon. An abort cancels the run. */
  run(request: Run, options: SubmitOptions = {}): Promise<EndedJob> {
    return run(this.jobs, request, options);
  }

  /** The same, with what the run does as it does it. Who leaves the loop cancels the run. */
  stream(request: Run, options: SubmitOptions = {}): AsyncGenerator<RunEvent> {
    return streamRun(this.jobs, request, options);
  }
}
