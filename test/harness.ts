import { randomBytes, randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import type { z } from "zod";
import { parseResult, type ResultLine } from "../lib/agent/result.ts";
import { createLog } from "../lib/log.ts";
import { Config } from "../lib/schema/config.ts";
import { RunRequest } from "../lib/schema/run.ts";
import { createApiRequestStore } from "../lib/store/api-requests.ts";
import { createAuditStore } from "../lib/store/audit.ts";
import { openDatabase } from "../lib/store/database.ts";
import { createDeliveryStore } from "../lib/store/deliveries.ts";
import { createIdempotencyStore } from "../lib/store/idempotency.ts";
import { createImageStore } from "../lib/store/images.ts";
import { createJobLister } from "../lib/store/job-list.ts";
import { createJobTraceStore } from "../lib/store/job-traces.ts";
import type { Ending } from "../lib/store/job-rows.ts";
import { createJobStore, type NewJob } from "../lib/store/jobs.ts";
import { createSecretStore } from "../lib/store/secrets.ts";
import { createSessionStore } from "../lib/store/sessions.ts";
import { createFamilyStore } from "../lib/store/token-families.ts";
import { createTokenStore } from "../lib/store/tokens.ts";
import { createUsageStore } from "../lib/store/usage.ts";

/** A folder of the test's own, its path short enough for a socket. */
export const tempFolder = (t: TestContext): string => {
  const path = mkdtempSync(join(tmpdir(), "st-"));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
};

/** What this process has open below a path. */
export const openBelow = (path: string): string[] =>
  readdirSync("/proc/self/fd").flatMap((file) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${file}`);
      return target.startsWith(path) ? [target] : [];
    } catch {
      return []; // the one that the listing itself had open
    }
  });

const nobody = 65_534;

/** Has the rest of a test run as a user for whom the modes of files count. */
export const becomeNobody = (t: TestContext, paths: readonly string[]): void => {
  if (process.getuid?.() !== 0) return;
  for (const path of paths) chownSync(path, nobody, nobody);
  process.seteuid?.(nobody);
  t.after(() => process.seteuid?.(0));
};

/** Writes files below a folder, making folders on the way. */
export const writeFiles = (folder: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
};

/** An executable that stands in for Podman where the real one will not fail on demand. */
export const standIn = (t: TestContext, script: string): string => {
  const path = join(tempFolder(t), "podman");
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
};

/** The real stores on a real database in memory. */
export const openStores = (t: TestContext) => {
  const db = openDatabase(":memory:");
  t.after(() => void db.close());
  return {
    db,
    jobs: createJobStore(db),
    sessions: createSessionStore(db),
    requests: createApiRequestStore(db),
    images: createImageStore(db),
    deliveries: createDeliveryStore(db),
    idempotency: createIdempotencyStore(db),
    list: createJobLister(db),
    jobTraces: createJobTraceStore(db),
    secretStore: createSecretStore(db),
    audit: createAuditStore(db),
    tokens: createTokenStore(db),
    families: createFamilyStore(db),
    usageStore: createUsageStore(db),
  };
};

/** Timers that go when the test says so, also in modules that have imported them by name. */
export const mockTimers = (t: TestContext) => {
  const { timers } = t.mock;
  timers.enable({ apis: ["setTimeout", "setInterval"] });
  syncBuiltinESMExports();
  t.after(() => {
    timers.reset();
    syncBuiltinESMExports();
  });
  return timers;
};

/** A log that keeps its lines. */
export const memoryLog = () => {
  const lines: string[] = [];
  return { lines, log: createLog("trace", { write: (line: string) => void lines.push(line) }) };
};

export const configOf = (values: z.input<typeof Config> = {}): Config => Config.parse(values);

export const requestOf = (values: Partial<z.input<typeof RunRequest>> = {}): RunRequest =>
  RunRequest.parse({ prompt: "hi", ...values });

export const newJob = (more: Partial<NewJob> = {}): NewJob => {
  const id = `run-${randomBytes(8).toString("hex")}`;
  return {
    id,
    owner: "local",
    sessionId: randomUUID(),
    request: { prompt: "hi" },
    container: `stromboli-${id}`,
    image: { reference: "debian:12", id: "sha256:1", digest: "sha256:2" },
    forkedFrom: null,
    timeoutMs: 60_000,
    createdAt: 1000,
    ...more,
  };
};

export const endingOf = (more: Partial<Ending> = {}): Ending => ({
  outcome: "succeeded",
  exitCode: 0,
  error: null,
  numTurns: 1,
  usage: null,
  timings: { queue: 0, create: 1, hooks: 0, agent: 2, first_token: null },
  result: null,
  partialOutput: "",
  bytes: 0,
  endedAt: 2000,
  ...more,
});

/** The path of a recorded output of the real CLI. */
export const fixture = (name: string): string => join(import.meta.dirname, "fixtures/claude", `${name}.jsonl`);

export const fixtureLines = (name: string): string[] => readFileSync(fixture(name), "utf8").trimEnd().split("\n");

/** The result that a recorded output ends with. */
export const recordedResult = (name: string): ResultLine => {
  const result = parseResult(fixtureLines(name).at(-1) ?? "");
  if (!result) throw new Error(`fixture ${name} does not end with a result`);
  return result;
};

/** What a function throws; undefined when it does not. */
export const thrownBy = (action: () => unknown): unknown => {
  try {
    action();
    return undefined;
  } catch (error) {
    return error;
  }
};
