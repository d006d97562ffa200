import { once } from "node:events";
import { appendFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { createApp, type AppDeps } from "../../daemon/app.ts";
import { serve, type requestLimits } from "../../daemon/serve.ts";
import { createAudit } from "../../lib/audit.ts";
import { createApiTokens } from "../../lib/auth/api-tokens.ts";
import { createAuth } from "../../lib/auth/auth.ts";
import type { Credential } from "../../lib/credentials.ts";
import { StromboliError } from "../../lib/errors.ts";
import type { Admitted, Asked } from "../../lib/jobs/admit.ts";
import { jobFolder } from "../../lib/jobs/folder.ts";
import type { Runner } from "../../lib/jobs/runner.ts";
import type { SecretVault } from "../../lib/podman/secrets.ts";
import type { Config } from "../../lib/schema/config.ts";
import type { RunResponse } from "../../lib/schema/job.ts";
import type { Answered } from "../../lib/metrics/meter.ts";
import type { Component } from "../../lib/schema/health.ts";
import { createSecrets } from "../../lib/secrets.ts";
import { untraced } from "../../lib/traces/traces.ts";
import { createCatalogue } from "../../lib/images.ts";
import type { ListedImage } from "../../lib/podman/images.ts";
import type { Pulls } from "../../lib/podman/pulls.ts";
import type { Registry } from "../../lib/podman/registry.ts";
import type { Inside } from "../../lib/store/images.ts";
import { openBelow } from "../harness.ts";
import { jobOf } from "../jobs/containers.ts";
import { openRunner, resultLine } from "../jobs/harness.ts";
import { createCalls } from "./calls.ts";

/** The answer to a run. */
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

type Options = z.input<typeof Config> & {
  components?: Component[];
  credential?: () => Credential | undefined;
  /** What stands in for the runner's own; by default nothing. */
  submit?: (asked: Asked) => Promise<Admitted>;
  ended?: (id: string) => Promise<void>;
  /** What every agent writes. */
  output?: string;
  /** The images on the machine, and what is in them by their ids. */
  images?: readonly (ListedImage & Inside)[];
  search?: Registry["search"];
  join?: Pulls["join"];
  /** Whether agents end by themselves, with success; else the test ends them. */
  ends?: boolean;
};

const well = { warnings: () => [{ name: "disk", message: "full", remedy: "make room" }] };

/** The real app over the real runner, views, database and files; the containers are the test's. */
export const openApp = (t: TestContext, options: Options = {}) => {
  const { components = [], credential = () => undefined, output = resultLine, ends = true, ...more } = options;
  const { submit, ended, images = [], search, join, ...config } = more;
  const place = openRunner(t, { ...config, server: { shutdown_grace: "1ms", ...config.server } });
  const { deps, fake, allViews } = place;
  fake.state.output = output;
  if (ends) fake.state.onStart = (spec) => fake.exit(jobOf(spec), 0);
  const [submitted, left, answered]: [Asked[], string[], Answered[]] = [[], [], []];
  const runner: Runner = {
    ...place.runner,
    submit: (asked) => (submitted.push(asked), submit ? submit(asked) : place.runner.submit(asked)),
    ended: (id) => (ended ? ended(id) : place.runner.ended(id)),
    leave: (id) => (left.push(id), place.runner.leave(id)),
  };
  const apiTokens = createApiTokens(place.authDeps);
  const app = createApp({
    config: deps.config,
    log: deps.log,
    credential,
    runner,
    views: allViews,
    auth: createAuth(place.authDeps),
    apiTokens,
    audit: createAudit({ audit: place.audit, now: Date.now }),
    secrets: createSecrets({ ...place.authDeps, vault: emptyVault, secretStore: place.secretStore }),
    catalogue: createCatalogue({
      ...deps,
      ...imagesOf(images),
      registry: { search: search ?? notHere },
      pulls: { join: join ?? notHere },
    }),
    conversations: place.conversations,
    health: { ...well, components: async () => components, isDraining: place.runner.isDraining },
    ...idle,
    ...place.figures,
    deliveries: place.deliveries,
    meter: { httpAnswered: (one) => void answered.push(one) },
  });

  return {
    ...place,
    ...createCalls(app),
    app,
    apiTokens,
    submitted,
    /** Requests as they are counted. */
    answered,
    /** Runs whose clients have hung up. */
    left,
    /** The runner of the next daemon. */
    next: place.start,
    /** Has an agent write, as it does. */
    write: (id: string, text: string, file: "output" | "stderr" = "output") =>
      appendFileSync(jobFolder(deps.jobsFolder, id)[file], text),
    /** What this process has open of the files of jobs. */
    openBelow: () => openBelow(deps.jobsFolder),
    /** The same app behind a real server. */
    listen: (limits?: typeof requestLimits) => listen(t, serve(app, "tcp", limits)),
  };
};

/** What these tests leave as it is. */
const idle: Pick<AppDeps, "outbox" | "collector" | "retention" | "traces"> = {
  traces: untraced,
  outbox: { redeliver: () => undefined },
  collector: { passOn: () => {} },
  retention: { prune: () => Promise.resolve({ jobs: [], sessions: [], bytes: 0, dry_run: false }) },
};

const notHere = () => {
  throw new Error("not in these tests");
};

const imagesOf = (images: readonly (ListedImage & Inside)[]) => ({
  images: {
    list: () => Promise.resolve([...images]),
    describe: (references: readonly string[]) => {
      const found = images.find(({ id, names }) => references.some((one) => one === id || names.includes(one)));
      if (!found) throw new StromboliError("image_not_found", `there is no image ${references.at(-1)}`);
      return Promise.resolve(found);
    },
    inside: ({ id }: { id: string }) => {
      const unknown = { libc: "none" as const, shell: false, tools: [] };
      const { libc, shell, tools } = images.find((image) => image.id === id) ?? unknown;
      return Promise.resolve({ libc, shell, tools });
    },
  },
});

/** Podman's store in the tests that are not about it. */
const emptyVault: SecretVault = {
  list: () => Promise.resolve([]),
  create: () => Promise.resolve(),
  remove: () => Promise.resolve(false),
};

const listen = async (t: TestContext, server: Server): Promise<string> => {
  server.listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // TCP and listening: never null, never a pipe
};
