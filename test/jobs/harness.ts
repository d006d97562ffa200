import { mkdirSync, readdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { createCliFinder } from "../../lib/agent/binary.ts";
import { StromboliError } from "../../lib/errors.ts";
import { createRunner } from "../../lib/jobs/runner.ts";
import type { ContainerSpec } from "../../lib/podman/argv.ts";
import type { Inspected } from "../../lib/podman/containers.ts";
import type { Files } from "../../lib/podman/podman.ts";
import type { LocalImage } from "../../lib/podman/images.ts";
import type { Config } from "../../lib/schema/config.ts";
import { createSessions } from "../../lib/sessions.ts";
import { configOf, memoryLog, openStores, tempFolder, writeFiles } from "../harness.ts";

const architecture = process.arch === "arm64" ? "arm64" : "amd64";
const image: LocalImage = { id: "sha256:1", digest: "sha256:2", architecture, path: "/bin", libc: "glibc" };

/** Containers that run as long as a test wants: what they were asked, and their end. */
const createFakeContainers = () => {
  const asked: string[] = [];
  const started: ContainerSpec[] = [];
  const exit = Promise.withResolvers<number | undefined>();
  const state: { output: string; startsWith: number; inspected: Inspected | undefined; labelled: string[] } = {
    output: "",
    startsWith: 0,
    inspected: { id: "abc", status: "running", exitCode: 0, oomKilled: false },
    labelled: [],
  };
  return {
    asked,
    started,
    state,
    exit: (code: number | undefined) => exit.resolve(code),
    containers: {
      start: (spec: ContainerSpec, files: Files) => {
        started.push(spec);
        writeSync(files.stdout, state.output);
        return Promise.resolve(state.startsWith);
      },
      ended: async (name: string, signal: AbortSignal) => {
        asked.push(`wait ${name}`);
        const process = setInterval(() => {}, 60_000); // as `podman wait` would, it keeps the test alive
        const givenUp = Promise.withResolvers<never>();
        const giveUp = () => givenUp.reject(new StromboliError("shutting_down", "given up"));
        if (signal.aborted) giveUp();
        else signal.addEventListener("abort", giveUp);
        return Promise.race([exit.promise, givenUp.promise]).finally(() => clearInterval(process));
      },
      stop: (name: string) => {
        asked.push(`stop ${name}`);
        exit.resolve(143);
        return Promise.resolve();
      },
      inspect: () => Promise.resolve(state.inspected),
      remove: (name: string) => Promise.resolve(String(asked.push(`remove ${name}`))),
      withLabel: () => Promise.resolve(state.labelled),
    },
  };
};

/** The real runner, sessions and database; the containers are the test's. */
export const openRunner = (t: TestContext, config: z.input<typeof Config> = {}) => {
  const state = tempFolder(t);
  const folders = { jobs: join(state, "jobs"), sessions: join(state, "sessions") };
  Object.values(folders).forEach((folder) => mkdirSync(folder));
  writeFiles(state, { claude: "" });
  const { sessions: sessionStore, ...stores } = openStores(t);
  const { log, lines } = memoryLog();
  const fake = createFakeContainers();
  const settings = configOf({ ...config, claude: { binary: join(state, "claude"), ...config.claude } });
  const doors: string[] = [];
  const deps = {
    ...stores,
    sessionStore,
    log,
    config: settings,
    jobsFolder: folders.jobs,
    machine: {
      rootless: true,
      uid: process.getuid?.() ?? 0,
      gid: process.getgid?.() ?? 0,
      selinux: false,
      stateLabel: "s",
    },
    sessions: createSessions({ folder: folders.sessions, store: sessionStore }),
    images: { find: () => Promise.resolve(image) },
    secrets: { check: () => Promise.resolve() },
    cli: createCliFinder(settings),
    credential: () => ({ kind: "api_key" as const, value: "sk-real" }),
    containers: fake.containers,
    broker: {
      open: ({ jobId }: { jobId: string }) => {
        doors.push(`open ${jobId}`);
        return Promise.resolve({ port: undefined, close: () => Promise.resolve(void doors.push(`close ${jobId}`)) });
      },
    },
    now: Date.now,
  };
  return {
    deps,
    fake,
    lines,
    doors,
    jobs: stores.jobs,
    sessionStore,
    runner: createRunner(deps),
    /** The names of what is in the folder of a job, or of all sessions. */
    filesOf: (id: string) => readdirSync(join(folders.jobs, id)).toSorted(),
    sessionFolders: () => readdirSync(folders.sessions),
  };
};

export const resultLine = `${JSON.stringify({ type: "result", subtype: "success", is_error: false, num_turns: 1, result: "done" })}\n`;
