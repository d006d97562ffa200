import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const config = { claude: { binary: makeStandIn({ after }) }, jobs: { max_running: 1 } };
const stromboli = await startStromboli({ after }, { config });
const { send, submit, ended, logOf } = stromboli;

const begin = async (prompt: string, session_id = randomUUID()) =>
  String((await submit({ prompt, claude: { session_id } })).body.job_id);

const session_id = randomUUID();
const atWork = await begin("echo one; hold; echo two; answer hi", session_id);
const waiting = await begin("printf '0123456789'; echo oops >&2");
await until("a line", async () => String(await logOf(atWork)) === "one\n");
const pendingLog = await send(`/jobs/${waiting}/logs`);
writeFileSync(join(stromboli.workspace(session_id), "go"), "");
await Promise.all([ended(atWork), ended(waiting)]);

const ask = async (range: string, query = "") => {
  const response = await send(`/jobs/${waiting}/logs${query}`, { headers: { range } });
  return [response.status, response.headers.get("content-range"), await response.text()];
};

test("the log of a job that waits is empty, and that of one that runs is what is there by now", async () => {
  assert.deepEqual([pendingLog.status, await pendingLog.text()], [200, ""]);
  assert.match(String(await logOf(atWork)), /^one\ntwo\n\{.*"result":"hi".*\}\n$/);
});

test("a log is plain text that no browser takes for something else, with its length", async () => {
  const { headers } = await send(`/jobs/${waiting}/logs`);
  assert.match(headers.get("content-type") ?? "", /^text\/plain/);
  assert.deepEqual(
    ["x-content-type-options", "accept-ranges", "content-length"].map((name) => headers.get(name)),
    ["nosniff", "bytes", "10"],
  );
});

test("each stream has a log of its own", async () => {
  const logs = ["", "?stream=stdout", "?stream=stderr", "?stream=hooks"].map(async (query) =>
    String(await logOf(waiting, query)),
  );
  assert.deepEqual(await Promise.all(logs), ["0123456789", "0123456789", "oops\n", ""]);
});

const ranges = [
  ["bytes=0-0", 206, "bytes 0-0/10", "0"],
  ["bytes=2-4", 206, "bytes 2-4/10", "234"],
  ["bytes=7-", 206, "bytes 7-9/10", "789"],
  ["bytes=7-99", 206, "bytes 7-9/10", "789"],
  ["bytes=-2", 206, "bytes 8-9/10", "89"],
  ["bytes=-99", 206, "bytes 0-9/10", "0123456789"],
  ["bytes=0-1,4-5", 200, null, "0123456789"],
  ["bytes=x", 200, null, "0123456789"],
  ["lines=0-1", 200, null, "0123456789"],
] as const;
for (const [range, status, place, text] of ranges) {
  test(`Range ${range} is answered with ${status} ${place ?? "and the whole"}`, async () => {
    assert.deepEqual(await ask(range), [status, place, text]);
  });
}

for (const range of ["bytes=10-", "bytes=10-20", "bytes=999-1000"]) {
  test(`Range ${range} is behind the end and refused with 416`, async () => {
    const [status, , body] = await ask(range);
    assert.equal(status, 416);
    assert.match(String(body), /"code":"range_not_satisfiable"/);
  });
}

test("a range of a log that is empty is refused with 416", async () => {
  assert.equal((await ask("bytes=0-", "?stream=hooks"))[0], 416);
});

test("HEAD tells the length of a log without the log", async () => {
  const response = await send(`/jobs/${waiting}/logs`, { method: "HEAD" });
  assert.deepEqual([response.status, response.headers.get("content-length"), await response.text()], [200, "10", ""]);
});

test("the log of a job that never began is empty", async () => {
  const holder = randomUUID();
  const blocker = await begin("hold", holder);
  await stromboli.job(holder, "running");
  const id = await begin("echo never");
  await stromboli.cancel(id);
  await stromboli.cancel(blocker);
  assert.deepEqual([String(await logOf(id)), (await send(`/jobs/${id}/logs?stream=stderr`)).status], ["", 200]);
});
