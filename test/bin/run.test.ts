import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { execa } from "execa";
import type { JobEvent } from "../../bin/follow.ts";
import { answering, hangUp, jobId, json, streamOf, type Answers } from "./harness.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");
const submitted = { job_id: jobId, session_id: "s" };
const route = "POST /run/async";
const timings = { create: 0, agent: 0 };
const ended = { id: jobId, session_id: "s", outcome: "succeeded", output: "42", timings_ms: timings };
const end = (more: object = {}): JobEvent => ({ id: 3, type: "done", data: JSON.stringify({ ...ended, ...more }) });
const output: JobEvent = { id: 2, type: "output", data: '{"type":"system"}' };

/** `stromboli run` before a stand-in of the daemon. */
const harness = async (t: TestContext, answers: Answers) => {
  const { socketPath, requests } = await answering(t, {
    "GET /healthz": (_, response) => json(response, {}),
    [route]: (_, response) => json(response, submitted, 202),
    [`DELETE /jobs/${jobId}`]: (_, response) => json(response, { cancelled: true, job_id: jobId }),
    ...answers,
  });
  const env = { STROMBOLI_HOST: `unix://${socketPath}` };
  const start = (...flags: readonly string[]) => {
    const child = execa(launcher, ["run", ...flags, "hi"], { env, reject: false, stripFinalNewline: false });
    const done = child.then(({ exitCode: code, stdout, stderr }) => ({ code, stdout, stderr }));
    return { interrupt: () => child.kill("SIGINT"), done };
  };
  return { start, env, requests, asked: () => requests.map(({ method, path }) => `${method} ${path}`) };
};

const events = `GET /jobs/${jobId}/events`;

test("a run whose connections break off again and again is answered once, and by one job", async (t) => {
  const tries = { submit: 0, events: 0 };
  const { start, requests } = await harness(t, {
    [route]: (request, response) => {
      tries.submit += 1;
      if (tries.submit === 1) hangUp(request, response);
      else json(response, submitted, 202);
    },
    [events]: (request, response) => {
      tries.events += 1;
      if (tries.events === 1) response.write(streamOf([output]), () => response.destroy());
      else if (tries.events === 2) hangUp(request, response);
      else response.end(streamOf([end()]));
    },
  });
  assert.deepEqual(await start().done, { code: 0, stdout: "42\n", stderr: "" });
  const keys = requests.filter(({ method }) => method === "POST").map(({ headers }) => headers["idempotency-key"]);
  assert.equal(keys.length, 2);
  assert.match(String(keys[0]), /^[0-9a-f-]{36}$/);
  assert.equal(keys[0], keys[1]);
});

test("an answer that is too long for an event is fetched from the job", async (t) => {
  const { start } = await harness(t, {
    [events]: (_, response) => void response.end(streamOf([end({ output: "", output_truncated: true })])),
    [`GET /jobs/${jobId}`]: (_, response) => json(response, { ...ended, output: "a long one" }),
  });
  assert.equal((await start().done).stdout, "a long one\n");
  assert.deepEqual(JSON.parse((await start("--json").done).stdout), { ...ended, output: "a long one" });
});

for (const [what, more, stdout] of [
  ["the API's refusal is an error, and no answer", { output: "API Error: 400", error: "API Error: 400" }, ""],
  ["what ended before it said anything has no answer", { output: "", error: "it took too long" }, ""],
  ["what was said before the run failed is the answer so far", { output: "half", error: "it took too long" }, "half\n"],
] as const)
  test(`of a run that fails ${what}`, async (t) => {
    const outcome = "api_error" as const;
    const { start } = await harness(t, {
      [events]: (_, response) => void response.end(streamOf([end({ ...more, outcome })])),
    });
    const done = await start().done;
    assert.deepEqual([done.code, done.stdout], [1, stdout]);
    assert.ok(done.stderr.startsWith(`${more.error}\n✖ api_error `));
  });

test("a disk that is full behind stdout is told", async (t) => {
  const { env } = await harness(t, { [events]: (_, response) => void response.end(streamOf([end()])) });
  const { exitCode, stderr } = await execa("sh", ["-c", `${launcher} run hi >/dev/full`], { env, reject: false });
  assert.equal(exitCode, 141);
  assert.match(stderr, /^stromboli: the output cannot be written: ENOSPC: no space left on device/);
});

test("Ctrl-C while the run is being handed over cancels the job that comes of it", async (t) => {
  const arrived = Promise.withResolvers<ServerResponse>();
  const { start, asked } = await harness(t, {
    [route]: (_, response) => arrived.resolve(response),
    [events]: (_, response) => response.flushHeaders(), // where a slow machine hears of the answer first
  });
  const { interrupt, done } = start();
  const response = await arrived.promise;
  interrupt();
  setTimeout(() => json(response, submitted, 202), 100);
  assert.deepEqual(await done, { code: 130, stdout: "", stderr: "stromboli: interrupted; the run is cancelled\n" });
  assert.equal(asked().at(-1), `DELETE /jobs/${jobId}`);
});

test("Ctrl-C in the middle of a run whose daemon is away cancels it once it is back", async (t) => {
  const away = Promise.withResolvers<void>();
  let tries = 0;
  const { start } = await harness(t, {
    [events]: (request, response) => {
      away.resolve();
      hangUp(request, response);
    },
    [`DELETE /jobs/${jobId}`]: (request, response) => {
      tries += 1;
      if (tries < 3) hangUp(request, response);
      else json(response, { cancelled: true, job_id: jobId });
    },
  });
  const { interrupt, done } = start();
  await away.promise;
  interrupt();
  assert.equal((await done).stderr, "stromboli: interrupted; the run is cancelled\n");
  assert.equal(tries, 3);
});

test("run -d prints the id alone, or with --json what the daemon said", async (t) => {
  const { start, asked } = await harness(t, {});
  assert.deepEqual(await start("-d").done, { code: 0, stdout: `${jobId}\n`, stderr: "" });
  assert.deepEqual(JSON.parse((await start("-d", "--json").done).stdout), submitted);
  assert.deepEqual([...new Set(asked())], ["GET /healthz", "POST /run/async"]);
});

for (const [outcome, code] of [
  ["max_turns", 1],
  ["timed_out", 124],
  ["stalled", 124],
  ["output_limit", 137],
  ["killed", 137],
] as const) {
  test(`a run that is ${outcome} ends with ${code} and says so`, async (t) => {
    const timings_ms = { queue: 0, create: 1, hooks: 0, agent: 2, first_token: null };
    const { start } = await harness(t, {
      [events]: (_, response) => void response.end(streamOf([end({ outcome, timings_ms, error: "why" })])),
    });
    const { code: exitCode, stderr } = await start().done;
    assert.deepEqual([exitCode, stderr.startsWith(`why\n✖ ${outcome} in `)], [code, true]);
  });
}
