import { join } from "node:path";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { createApp } from "../../daemon/app.ts";
import type { Credential } from "../../lib/credentials.ts";
import type { LiveJob } from "../../lib/jobs/runner.ts";
import type { Config } from "../../lib/schema/config.ts";
import type { Component } from "../../lib/schema/health.ts";
import type { RunResponse } from "../../lib/schema/job.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { configOf, memoryLog, tempFolder, writeFiles } from "../harness.ts";

export const response: RunResponse = {
  id: "run-0123456789abcdef",
  status: "completed",
  outcome: "succeeded",
  output: "hello",
  session_id: "0193b1c2-aaaa-4bbb-8ccc-0123456789ab",
  exit_code: 0,
  num_turns: 1,
  queued_at: "2026-01-01T00:00:00.000Z",
  started_at: "2026-01-01T00:00:01.000Z",
  ended_at: "2026-01-01T00:00:02.000Z",
  timings_ms: { queue: 0, create: 1, hooks: 0, agent: 2, first_token: null },
  image: { reference: "debian:12", id: "sha256:1", digest: "sha256:2" },
  labels: {},
};

type Options = {
  server?: NonNullable<z.input<typeof Config>["server"]>;
  components?: Component[];
  credential?: () => Credential | undefined;
  /** What becomes of a request; by default it is answered at once. */
  submit?: (request: RunRequest) => Promise<Partial<LiveJob>>;
  /** What the agent has written. */
  output?: string;
};
export type CallOptions = {
  method?: string;
  headers?: Record<string, string>;
  body?: string | Uint8Array<ArrayBuffer> | ReadableStream;
  signal?: AbortSignal;
};

/** The real app; behind it a runner that keeps what it is asked and answers as told. */
export const openApp = (t: TestContext, options: Options = {}) => {
  const { server = {}, components = [], credential = () => undefined, submit, output = "" } = options;
  const { log, lines } = memoryLog();
  const folder = tempFolder(t);
  writeFiles(folder, { output });
  const submitted: RunRequest[] = [];
  const cancelled: string[] = [];
  const app = createApp({
    config: configOf({ server }),
    log,
    credential,
    health: { components: () => Promise.resolve(components) },
    runner: {
      submit: async (request) => {
        submitted.push(request);
        return {
          id: response.id,
          sessionId: response.session_id,
          outputPath: join(folder, "output"),
          done: Promise.resolve(response),
          cancel: () => void cancelled.push(response.id),
          ...(await submit?.(request)),
        };
      },
      recover: () => Promise.resolve(),
      drain: () => Promise.resolve(),
    },
  });

  const call = async (path: string, { headers, ...init }: CallOptions = {}) => {
    const duplex = init.body instanceof ReadableStream ? { duplex: "half" as const } : {};
    const answer = await app.request(`http://localhost${path}`, {
      ...init,
      ...duplex,
      headers: { host: "localhost", ...headers },
    });
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  return {
    app,
    lines,
    submitted,
    cancelled,
    call,
    outputPath: join(folder, "output"),
    /** An exchange whose answer is JSON. */
    json: async (path: string, init: CallOptions = {}) => {
      const { status, headers, text } = await call(path, init);
      return { status, headers, body: JSON.parse(text) as Record<string, unknown> }; // the API answers with objects
    },
    run: (body: unknown, headers: Record<string, string> = {}) =>
      call("/run", { method: "POST", headers, body: typeof body === "string" ? body : JSON.stringify(body) }),
  };
};
