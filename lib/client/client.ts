import type { z } from "zod";
import type { Health } from "../schema/health.ts";
import { createAsk, type Connection, type OverSocket } from "./ask.ts";
import { createJobs, type EndedJob, type Run, type SubmitOptions } from "./jobs.ts";
import { createImages, createSecrets, createSessions } from "./resources.ts";
import { run, streamRun, type RunEvent } from "./runs.ts";

/** All of the client but its way to a unix socket, which there is in Node alone. */
export class Client {
  readonly jobs;
  readonly sessions;
  readonly secrets;
  readonly images;
  readonly #ask;

  constructor(connection: Connection, overSocket: OverSocket) {
    this.#ask = createAsk(connection, overSocket);
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
