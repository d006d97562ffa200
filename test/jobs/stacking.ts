import type { TestContext } from "node:test";
import { createJobStacks } from "../../lib/jobs/stacks.ts";
import type { StackSpec } from "../../lib/podman/stacks.ts";
import { planRun, type Machine } from "../../lib/policy/plan.ts";
import { createStackStore } from "../../lib/store/stacks.ts";
import { configOf, endingOf, memoryLog, newJob, openStores, requestOf, tempFolder } from "../harness.ts";
import { hostPath, rulesOf } from "../policy/facts.ts";

export const machine: Machine = { rootless: true, uid: 1, gid: 1, selinux: false, stateLabel: "s" };
export const never = new AbortController().signal;
const image = {
  id: "sha256:1",
  names: [],
  digest: "",
  architecture: "",
  path: "",
  bytes: 0,
  createdAt: "",
  labels: {},
};

/** The real rows; what is up, the test's own. */
export const openStacks = (t: TestContext, { file = "services: {db: {image: redis}}" } = {}) => {
  const { db, jobs, sessions } = openStores(t);
  const stackStore = createStackStore(db);
  const config = configOf({ compose: { stack_ttl: "1m" } });
  const up = new Set<string>();
  const said: string[] = [];
  const place = { now: 1000, file, fails: false, stuck: "", down: Promise.resolve() };
  const stacks = {
    up: async ({ name }: StackSpec) => {
      said.push("up");
      if (place.fails) throw new Error("no");
      up.add(name);
    },
    stands: async ({ name }: StackSpec) => up.has(name),
    down: async (name: string) => {
      said.push("down");
      await place.down;
      if (name === place.stuck) throw new Error("Podman hangs");
      up.delete(name);
    },
  };
  const images = {
    listed: async () => ({ ...image, health: undefined }),
    describe: async () => Promise.reject(new Error("not here")),
  };
  const pulls = { join: () => ({ done: Promise.reject(new Error("not here")), lines: async function* () {} }) };
  const open = () =>
    createJobStacks({
      config, machine, jobsFolder: tempFolder(t), jobs, stackStore, stacks, images, pulls, log: memoryLog().log,
      now: () => place.now,
    }); // prettier-ignore
  const own = open();
  t.after(() => own[Symbol.asyncDispose]());

  const raise = async (session: string, keep = false, signal = never) => {
    const environment = { type: "compose" as const, path: "/data/compose.yaml", keep };
    const request = requestOf({ podman: { environment } });
    const rules = rulesOf({
      allowed: [{ path: "/data", readOnly: false }],
      resolve: (path) => hostPath(path, { kind: "file" }),
      read: () => place.file,
    });
    const plan = planRun(request, config, { machine, rules });
    const made = newJob({ sessionId: session, request });
    jobs.insert(made);
    if (!sessions.find(session))
      sessions.insert({ id: session, owner: "local", title: "", workdir: "/workspace", createdAt: 1 });
    const job = jobs.claim(1);
    if (!job) throw new Error("the job has no turn");
    await own.raise(job, plan, signal).catch(() => {});
    jobs.started(job.id, 1);
    return {
      job,
      end: (more: Parameters<typeof endingOf>[0] = {}) => jobs.ended(job.id, endingOf(more)),
      release: () => own.release(job),
    };
  };
  return { recover: () => own.recover(), raise, up, said, place, stackStore, sessions, open };
};
