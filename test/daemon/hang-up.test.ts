import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { until } from "../e2e/wait.ts";
import { openApp } from "./harness.ts";

type Asking = { path?: string; key?: string; running?: boolean };

/** A client of a real server that hangs up while its run waits or runs. */
const hangUp = async (t: TestContext, { path = "/run", key, running = true }: Asking) => {
  const place = openApp(t, { ends: false, output: "", jobs: { max_running: 1 } });
  const { listen, jobs, start } = place;
  const first = running ? undefined : await start();
  const url = await listen();
  const client = new AbortController();
  const get = path.startsWith("/run/stream?");
  const headers: Record<string, string> = key === undefined ? {} : { "Idempotency-Key": key };
  const init = get ? {} : { method: "POST", body: JSON.stringify({ prompt: "hi" }), headers };
  const answer = fetch(`${url}${path}`, { ...init, signal: client.signal });
  answer.catch(() => {});
  const job = await until("the job", () => jobs.open().find(({ id }) => id !== first));
  if (running) await until("a job that runs", () => jobs.find(job.id)?.state === "running");
  client.abort();
  await assert.rejects(answer.then((response) => response.text()));
  return { ...place, id: job.id, first };
};

for (const path of ["/run", "/run/stream", "/run/stream?prompt=hi"]) {
  test(`a client that hangs up on ${path} cancels its run`, async (t) => {
    const { id, jobs } = await hangUp(t, { path });
    await until("the end", () => jobs.find(id)?.state === "ended");
    assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
  });
}

test("a client that hangs up while its run waits cancels it, and it never starts", async (t) => {
  const { id, first = "", jobs, fake, runner } = await hangUp(t, { running: false });
  await until("the end", () => jobs.find(id)?.state === "ended");
  assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
  fake.exit(first, 0);
  await runner.ended(first);
  assert.deepEqual(
    fake.started.map(({ name }) => name),
    [`stromboli-${first}`],
  );
});

for (const path of ["/run", "/run/stream"]) {
  test(`a client that gave a key may hang up on ${path}, and ask again`, async (t) => {
    const { id, left, jobs, fake, call } = await hangUp(t, { path, key: "k" });
    const again = call(path, { method: "POST", headers: { "Idempotency-Key": "k" }, body: '{"prompt":"hi"}' });
    fake.exit(id, 0);
    const { status, text } = await again;
    assert.deepEqual([status, left], [200, []]);
    assert.ok(text.includes(id));
    assert.equal(jobs.find(id)?.ending?.outcome, "agent_error"); // by its empty output: nobody cancelled it
  });
}

test("a client that leaves after its answer cancels nothing", async (t) => {
  const { listen, left } = openApp(t);
  const url = await listen();
  const client = new AbortController();
  const answer = await fetch(`${url}/run`, { method: "POST", body: '{"prompt":"hi"}', signal: client.signal });
  await answer.text();
  client.abort();
  await fetch(`${url}/healthz`).then((response) => response.text());
  assert.deepEqual(left, []);
});

test("a client that hangs up on an asynchronous job leaves it alone", async (t) => {
  const { listen, left, jobs } = openApp(t, { ends: false });
  const url = await listen();
  const client = new AbortController();
  const request = fetch(`${url}/run/async`, { method: "POST", body: '{"prompt":"hi"}', signal: client.signal });
  await until("the job", () => jobs.open().length === 1);
  client.abort();
  await request.then((response) => response.body?.cancel()).catch(() => {});
  await fetch(`${url}/healthz`).then((response) => response.text());
  assert.deepEqual([left, jobs.open().length], [[], 1]);
});

test("who follows a job and hangs up leaves it alone, and holds no file of it open", async (t) => {
  const { listen, start, write, left, jobs, openBelow } = openApp(t, { ends: false, output: "" });
  const url = await listen();
  const id = await start();
  await until("a job that runs", () => jobs.find(id)?.state === "running");
  const client = new AbortController();
  const answer = await fetch(`${url}/jobs/${id}/events`, { signal: client.signal });
  const reader = answer.body?.getReader();
  const before = openBelow().length;
  write(id, "a line\n");
  for (let text = ""; !text.includes("a line");) text += Buffer.from((await reader?.read())?.value ?? []).toString();
  const during = openBelow().length;
  client.abort();
  await until("closed files", () => openBelow().length < during);
  assert.ok(openBelow().length <= before);
  assert.deepEqual([left, jobs.find(id)?.state], [[], "running"]);
});
