import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { localCaller } from "../../lib/auth/caller.ts";
import { createConversations } from "../../lib/conversations.ts";
import { createCliFinder } from "../../lib/agent/binary.ts";
import type { Door } from "../../lib/broker/broker.ts";
import type { Mode } from "../../lib/jobs/admit.ts";
import { createRunner, type Runner, type RunnerDeps } from "../../lib/jobs/runner.ts";
import { createStats } from "../../lib/jobs/stats.ts";
import { createViews } from "../../lib/jobs/views.ts";
import { createVolumeRules } from "../../lib/jobs/volume-rules.ts";
import type { LocalImage } from "../../lib/podman/images.ts";
import { createOrphanWatch } from "../../lib/podman/orphans.ts";
import type { Config } from "../../lib/schema/config.ts";
import type { RunRequest } from "../../lib/schema/run.ts";
import { createSessions } from "../../lib/sessions.ts";
import { createUsages } from "../../lib/usage.ts";
import { configOf, memoryLog, openStores, requestOf, tempFolder, writeFiles } from "../harness.ts";
import { createFakeContainers } from "./containers.ts";

type Settings = z.input<typeof Config>;
type Asking = { after?: number; follow?: boolean; signal?: AbortSignal };

const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const image: LocalImage = {
  id: "sha256:1",
  digest: "sha256:2",
  architecture,
  path: "/bin",
  libc: "glibc",
  shell: true,
};

/** The real runner, sessions and database; the containers are the test's. All is closed at its end. */
export const openRunner = (t: TestContext, config: Settings = {}) => {
  const runners: Runner[] = [];
  t.after(() => Promise.all(runners.map((runner) => runner.drain()))); // first, while the database is open
  const place = openPlace(t, config);
  const { deps, list, state } = place;
  const { jobs, jobsFolder } = deps;
  const start = (more: Partial<RunnerDeps> = {}): Runner => {
    const runner = createRunner({ ...deps, ...more });
    runners.push(runner);
    return runner;
  };
  const runner = start();
  const bellOf = (id: string) => runners.map((each) => each.bellOf(id)).find((bell) => bell !== undefined);
  const allViews = createViews({ jobs, list, jobsFolder, bellOf });
  const views = allViews.of(localCaller);

  return {
    ...place,
    jobs,
    db: deps.db,
    sessionStore: deps.sessionStore,
    runner,
    allViews,
    views,
    figures: {
      statsOf: createStats({ ...deps, list, label: "s" }),
      usages: createUsages({ usageStore: place.usageStore, now: deps.now }),
    },
    /** A daemon's runner; what is to differ from the first one's is given. */
    start,
    submit: (request: Partial<z.input<typeof RunRequest>> = {}, mode: Mode = "run", key?: string) =>
      runner.submit({ caller: localCaller, request: requestOf(request), mode, key }),
    /** The answer to who waits for a job. */
    resultOf: async (id: string) => {
      await runner.ended(id);
      return views.run(id);
    },
    /** All events of a job, until it has ended. */
    eventsOf: async (id: string, { after = 0, follow = true, signal = new AbortController().signal }: Asking = {}) =>
      (await Array.fromAsync(views.events(id, { after, follow, signal }))).flat(),
    /** The names of what is in the folder of a job, or of all sessions. */
    filesOf: (id: string) => readdirSync(join(jobsFolder, id)).toSorted(),
    sessionFolders: () => readdirSync(join(state, "sessions")),
  };
};

/** No job of these tests has services beside its agent. */
const noStacks: RunnerDeps["stacks"] = {
  raise: () => Promise.resolve(),
  release: () => Promise.resolve(),
  recover: () => Promise.resolve(),
  stop: () => {},
};

/** What a runner works with: a folder, a database, a log, and stand-ins for Podman and the broker. */
const openPlace = (t: TestContext, config: Settings) => {
  const state = tempFolder(t);
  const [jobsFolder, sessionsFolder] = [join(state, "jobs"), join(state, "sessions")];
  for (const folder of [jobsFolder, sessionsFolder]) mkdirSync(folder);
  writeFiles(state, { claude: "" });
  const settings = configOf({ ...config, claude: { binary: join(state, "claude"), ...config.claude } });
  const { sessions: sessionStore, list, tokens, families, secretStore, audit, usageStore, ...stores } = openStores(t);
  const { log, lines } = memoryLog();
  const fake = createFakeContainers();
  const { doors, broker } = createFakeBroker();
  const told = { ends: 0, sweeps: 0 };
  const deps: RunnerDeps = {
    ...stores,
    sessionStore,
    log,
    jobsFolder,
    config: settings,
    machine: { rootless: true, ...thisUser(), selinux: false, stateLabel: "s" },
    sessions: createSessions({ folder: sessionsFolder, store: sessionStore }),
    volumeRules: createVolumeRules(settings, []),
    images: {
      find: ([reference = ""]) => Promise.resolve({ ...image, reference }),
      findAny: ([reference = ""]) => Promise.resolve({ ...image, reference }),
      byId: () => Promise.resolve(image),
      listed: () => Promise.resolve(undefined),
    },
    pulls: { join: () => ({ done: Promise.reject(new Error("not in these tests")), lines: async function* () {} }) },
    secrets: { check: () => Promise.resolve() },
    cli: createCliFinder(settings),
    credential: () => ({ kind: "api_key", value: "sk-real" }),
    containers: fake.containers,
    ends: fake.ends,
    broker,
    orphans: createOrphanWatch(),
    stacks: noStacks,
    now: Date.now,
    capacity: { memoryBytes: 2 ** 40, cores: 4 },
    onEnd: () => void (told.ends += 1),
  };
  return {
    state,
    deps,
    list,
    fake,
    lines,
    doors,
    deliveries: stores.deliveries,
    secretStore,
    audit,
    usageStore,
    conversations: createConversations({
      ...deps,
      sessionsFolder,
      stacks: { sweep: () => void (told.sweeps += 1) },
    }),
    authDeps: { config: settings, tokens, families, now: deps.now },
    /** How often the runner has said that a job has ended, and somebody that services may have to go. */
    told,
  };
};

const thisUser = () => ({ uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });

/** A broker that opens doors to nowhere, and keeps which. */
const createFakeBroker = () => {
  const doors: string[] = [];
  const open = ({ jobId }: Door) => {
    doors.push(`open ${jobId}`);
    const close = () => Promise.resolve(void doors.push(`close ${jobId}`));
    return Promise.resolve({ port: undefined, traffic: () => 0, isBusy: () => false, close });
  };
  return { doors, broker: { open } };
};

export const resultLine = `${JSON.stringify({ type: "result", subtype: "success", is_error: false, num_turns: 1, result: "done" })}\n`;
