import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { createCliFinder } from "../lib/agent/binary.ts";
import { createAudit } from "../lib/audit.ts";
import { createApiTokens } from "../lib/auth/api-tokens.ts";
import { createAuth } from "../lib/auth/auth.ts";
import { createBroker } from "../lib/broker/broker.ts";
import { createUpstream } from "../lib/broker/upstream.ts";
import { createConversations } from "../lib/conversations.ts";
import { findCredential } from "../lib/credentials.ts";
import { createScriptedModel } from "../lib/demo/model.ts";
import { createWarnings } from "../lib/doctor/warnings.ts";
import { createHealth } from "../lib/health.ts";
import { createRunner } from "../lib/jobs/runner.ts";
import { createStats } from "../lib/jobs/stats.ts";
import { createViews } from "../lib/jobs/views.ts";
import { createVolumeRules } from "../lib/jobs/volume-rules.ts";
import type { Log } from "../lib/log.ts";
import type { Meter } from "../lib/metrics/meter.ts";
import { findMachine, podmanEnvironment } from "../lib/machine.ts";
import { stateFolder } from "../lib/paths.ts";
import { measured } from "../lib/podman/measured.ts";
import { createPodman } from "../lib/podman/podman.ts";
import { createSecretVault } from "../lib/podman/secrets.ts";
import { createRetention } from "../lib/retention/retention.ts";
import type { Config } from "../lib/schema/config.ts";
import { createSecrets } from "../lib/secrets.ts";
import { createSessions } from "../lib/sessions.ts";
import type { ApiRequest } from "../lib/store/api-requests.ts";
import type { Stores } from "../lib/store/stores.ts";
import { headersOf } from "../lib/traces/trace.ts";
import type { Traces } from "../lib/traces/traces.ts";
import { createUsages } from "../lib/usage.ts";
import { webhookBody } from "../lib/webhooks/body.ts";
import { createOutbox } from "../lib/webhooks/outbox.ts";
import { createContainerParts } from "./container-parts.ts";
import { createImageParts } from "./image-parts.ts";

type Options = {
  config: Config;
  env: NodeJS.ProcessEnv;
  log: Log;
  folders: { state: string; jobs: string; sessions: string };
  /** Where Stromboli keeps what is its own. */
  own: readonly string[];
  stores: Stores;
  meter: Meter;
  traces: Pick<Traces, "jobEnded">;
};

/** The daemon's inner parts, each with what it needs of the others; what has to be closed goes onto the stack. */
export const createParts = (
  { config, env, log, folders, own, stores, meter, traces }: Options,
  stack: AsyncDisposableStack,
) => {
  const now = Date.now;
  const credential = () => findCredential(env);
  const machine = findMachine(folders.state);
  const label = `stromboli.state=${machine.stateLabel}`;
  const podman = measured(createPodman({ binary: config.podman.binary, env: podmanEnvironment(env) }), meter);
  const cli = createCliFinder(config, { fetched: join(stateFolder(env), "claude-musl") });
  const upstream = stack.adopt(createUpstream(config.claude.api_url, env), (open) => open.close());
  const sessions = createSessions({ folder: folders.sessions, store: stores.sessionStore });
  const common = { ...stores, config, log, now, jobsFolder: folders.jobs, sessionsFolder: folders.sessions, sessions };

  const views = createViews({ ...common, bellOf: (id) => runner.bellOf(id) });
  const traceOf = (id: string) => headersOfJob(stores, id);
  const outbox = stack.use(createOutbox({ ...common, bodyOf: webhookBody(views), traceOf, config: config.webhooks }));
  const secrets = createSecrets({ ...common, vault: createSecretVault({ podman, folder: folders.state }) });
  const { images, pulls, catalogue } = createImageParts(
    { ...common, state: folders.state, podman, machine, label, store: stores.imageStore, cli },
    stack,
  );
  const containerParts = createContainerParts({ ...common, podman, machine, label, images, pulls }, stack);
  const runner = createRunner({
    ...common,
    ...containerParts,
    machine,
    volumeRules: createVolumeRules(config, own),
    cli,
    credential,
    images,
    pulls,
    secrets,
    broker: createBroker({ ...common, ...passedOn(stores, meter), upstream, credential, demo: createScriptedModel() }),
    capacity: { memoryBytes: totalmem(), cores: availableParallelism() },
    onEnd(id) {
      outbox.wake();
      traces.jobEnded();
      countEnd(stores, meter, id);
    },
  });
  const conversations = createConversations({ ...common, stacks: containerParts.stacks });
  const retention = stack.use(createRetention({ ...common, store: stores.retentionStore }));
  const warnings = stack.use(createWarnings({ ...common, env, podman, state: folders.state }));
  const health = createHealth({
    podman,
    db: stores.db,
    cli,
    credential,
    warnings: warnings.latest,
    isDraining: runner.isDraining,
    now: () => performance.now(),
  });
  const access = { secrets, auth: createAuth(common), apiTokens: createApiTokens(common), audit: createAudit(common) };
  const statsOf = createStats({ ...common, containers: containerParts.containers, label });
  const { deliveries } = stores;
  const shown = { views, deliveries, catalogue, conversations, statsOf, usages: createUsages(common) };
  return { config, log, ...access, ...shown, credential, runner, outbox, retention, health, warnings };
};

/** What passes the broker is written down, and counted. */
const passedOn = ({ requests }: Pick<Stores, "requests">, { modelAnswered, modelFailed }: Meter) => ({
  onFailure: modelFailed,
  record(request: ApiRequest): void {
    modelAnswered(request);
    requests.insert(request);
  },
});

const headersOfJob = ({ jobTraces }: Pick<Stores, "jobTraces">, id: string): Record<string, string> => {
  const trace = jobTraces.find(id);
  return trace ? headersOf(trace) : {};
};

const countEnd = ({ jobs }: Pick<Stores, "jobs">, { jobEnded }: Meter, id: string): void => {
  const ending = jobs.find(id)?.ending;
  if (ending) jobEnded(ending);
};
