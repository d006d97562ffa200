import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { until } from "../e2e/wait.ts";
import { jobOf } from "../jobs/containers.ts";
import { openApp } from "./harness.ts";

/** A job that has ended with ten bytes of output. */
const openLog = async (t: TestContext, output = "0123456789") => {
  const place = openApp(t, { output });
  const id = await place.start();
  await place.runner.ended(id);
  return { ...place, id, get: (headers = {}, query = "") => place.call(`/jobs/${id}/logs${query}`, { headers }) };
};

test("a log is the raw file, as text that no browser takes for anything else", async (t) => {
  const { get } = await openLog(t, "<script>\n\n\r\u0000é");
  const { status, headers, text } = await get();
  assert.deepEqual([status, text], [200, "<script>\n\n\r\u0000é"]);
  assert.deepEqual(
    ["content-type", "x-content-type-options", "accept-ranges", "content-length", "content-range"].map((name) => headers.get(name)),
    ["text/plain; charset=utf-8", "nosniff", "bytes", "14", null],
  ); // prettier-ignore
});

for (const [range, part, text] of [
  ["bytes=0-3", "bytes 0-3/10", "0123"],
  ["bytes=4-", "bytes 4-9/10", "456789"],
  ["bytes=-3", "bytes 7-9/10", "789"],
  ["bytes=8-100", "bytes 8-9/10", "89"],
  ["bytes=9-9", "bytes 9-9/10", "9"],
  ["bytes=-100", "bytes 0-9/10", "0123456789"],
] as const) {
  test(`the range ${range} is 206 with that part`, async (t) => {
    const { get } = await openLog(t);
    const { status, headers, text: body } = await get({ Range: range });
    assert.deepEqual([status, headers.get("content-range"), body], [206, part, text]);
    assert.equal(headers.get("content-length"), String(text.length));
  });
}

for (const range of ["bytes=10-", "bytes=10-12", "bytes=100-200"]) {
  test(`the range ${range} is 416, with how much there is`, async (t) => {
    const { get } = await openLog(t);
    const { status, headers, text } = await get({ Range: range });
    const { code, error } = JSON.parse(text) as Record<string, string>; // the one error shape
    assert.deepEqual([status, code], [416, "range_not_satisfiable"]);
    assert.match(error ?? "", /10 bytes/);
    assert.equal(headers.get("content-range"), "bytes */10");
  });
}

for (const range of ["bytes=0-1,4-5", "lines=0-3", "bytes=x", "0-3", ""]) {
  test(`for ${JSON.stringify(range)}, which is no single range, the whole is sent`, async (t) => {
    const { get } = await openLog(t);
    const { status, headers, text } = await get({ Range: range });
    assert.deepEqual([status, headers.get("content-range"), text], [200, null, "0123456789"]);
  });
}

test("stderr is a log of its own, and stdout is meant where none is named", async (t) => {
  const { start, runner, fake, write, call } = openApp(t, { ends: false, output: "out" });
  fake.state.onStart = (spec) => {
    const id = jobOf(spec);
    write(id, "err", "stderr");
    fake.exit(id, 0);
  };
  const id = await start();
  await runner.ended(id);
  const texts = await Promise.all(["", "?stream=stdout", "?stream=stderr", "?stream=hooks"].map((query) => call(`/jobs/${id}/logs${query}`))); // prettier-ignore
  assert.deepEqual(
    texts.map(({ status, text }) => [status, text]),
    [
      [200, "out"],
      [200, "out"],
      [200, "err"],
      [200, ""],
    ],
  );
});

for (const query of ["?stream=stdin", "?stream=", "?streams=stdout", "?stream=../env"]) {
  test(`GET /jobs/ID/logs${query} is 400`, async (t) => {
    const { json, id } = await openLog(t);
    assert.equal((await json(`/jobs/${id}/logs${query}`)).status, 400);
  });
}

test("a job that runs has the log as far as it goes", async (t) => {
  const { start, jobs, write, call, fake } = openApp(t, { ends: false, output: "" });
  const id = await start();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  const before = await call(`/jobs/${id}/logs`);
  write(id, "one\ntw");
  assert.deepEqual([before.text, (await call(`/jobs/${id}/logs`)).text], ["", "one\ntw"]);
  fake.exit(id, 0);
});

test("a job that waits has an empty log, of which there is no range", async (t) => {
  const { start, call, fake } = openApp(t, { ends: false, jobs: { max_running: 1 } });
  const [first, id] = [await start(), await start()];
  const { status, headers, text } = await call(`/jobs/${id}/logs`);
  assert.deepEqual([status, headers.get("content-length"), text], [200, "0", ""]);
  assert.equal((await call(`/jobs/${id}/logs`, { headers: { Range: "bytes=0-" } })).status, 416);
  fake.exit(first, 0);
});

test("a log whose file was removed is empty", async (t) => {
  const { get, deps, id } = await openLog(t);
  rmSync(join(deps.jobsFolder, id), { recursive: true });
  const { status, text } = await get();
  assert.deepEqual([status, text], [200, ""]);
});

test("a large log is sent whole, over a real connection", async (t) => {
  const { listen, id } = await openLog(t, "0123456789".repeat(500_000));
  const answer = await fetch(`${await listen()}/jobs/${id}/logs`);
  assert.equal((await answer.text()).length, 5_000_000);
});

test("a client that hangs up in a large log leaves no file open", async (t) => {
  const { listen, id, openBelow } = await openLog(t, "0123456789".repeat(2_000_000));
  const client = new AbortController();
  const answer = await fetch(`${await listen()}/jobs/${id}/logs`, { signal: client.signal });
  await answer.body?.getReader().read();
  client.abort();
  await until("closed files", () => openBelow().length === 0);
});

for (const path of ["logs", "events"]) {
  test(`who asks for the head of ${path} alone leaves no file open`, async (t) => {
    const { start, listen, jobs, openBelow, fake } = openApp(t, { ends: false, output: "a line\n".repeat(100_000) });
    const id = await start();
    await until("a job that runs", () => jobs.find(id)?.state === "running");
    const url = await listen();
    const before = openBelow().length;
    for (let times = 0; times < 5; times += 1) await fetch(`${url}/jobs/${id}/${path}`, { method: "HEAD" });
    await until("closed files", () => openBelow().length <= before);
    fake.exit(id, 0);
  });
}
