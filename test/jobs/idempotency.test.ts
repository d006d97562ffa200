import assert from "node:assert/strict";
import { test } from "node:test";
import { localCaller } from "../../lib/auth/caller.ts";
import { requestOf } from "../harness.ts";
import { openRunner } from "./harness.ts";

const soon = { server: { shutdown_grace: "1ms" } };
const dayMs = 86_400_000;

test("the same key and request give the first job", async (t) => {
  const { jobs, submit } = openRunner(t, soon);
  const first = await submit({ prompt: "a" }, "job", "key");
  const second = await submit({ prompt: "a" }, "job", "key");
  assert.deepEqual([second, jobs.open().length], [{ ...first, isRepeat: true }, 1]);
});

test("the order of a request's fields does not matter", async (t) => {
  const { submit } = openRunner(t, soon);
  const first = await submit({ labels: { a: "1", b: "2" }, podman: { memory: "64m", cpus: "1" } }, "job", "key");
  const second = await submit({ podman: { cpus: "1", memory: "64m" }, labels: { b: "2", a: "1" } }, "job", "key");
  assert.equal(second.id, first.id);
});

test("the order of a list does matter", async (t) => {
  const { submit } = openRunner(t, soon);
  await submit({ claude: { tools: ["Bash", "Edit"] } }, "job", "key");
  await assert.rejects(submit({ claude: { tools: ["Edit", "Bash"] } }, "job", "key"), { code: "idempotency_mismatch" });
});

test("a key in the body and the same one in a header are one", async (t) => {
  const { submit } = openRunner(t, soon);
  const first = await submit({ idempotency_key: "key" }, "job", "key");
  assert.equal((await submit({}, "job", "key")).id, first.id);
});

test("the same key with another request is refused", async (t) => {
  const { jobs, submit } = openRunner(t, soon);
  await submit({ prompt: "a" }, "job", "key");
  await assert.rejects(submit({ prompt: "b" }, "job", "key"), {
    code: "idempotency_mismatch",
    message: /use another key/,
  });
  assert.equal(jobs.open().length, 1);
});

test("the same key for a run and for an asynchronous job is refused", async (t) => {
  const { submit } = openRunner(t, soon);
  await submit({}, "job", "key");
  await assert.rejects(submit({}, "run", "key"), { code: "idempotency_mismatch" });
});

test("other keys are other jobs, and so are requests without one", async (t) => {
  const { submit } = openRunner(t, soon);
  const jobs = [await submit({}, "job", "a"), await submit({}, "job", "b"), await submit({}, "job"), await submit({}, "job")]; // prettier-ignore
  assert.equal(new Set(jobs.map(({ id }) => id)).size, 4);
});

test("a key counts for 24 hours, whatever has become of its job", async (t) => {
  const { fake, start } = openRunner(t, soon);
  const clock = { now: 1_000_000 };
  const runner = start({ now: () => clock.now });
  const submit = () => runner.submit({ caller: localCaller, request: requestOf(), mode: "job", key: "key" });
  const first = await submit();
  fake.exit(first.id, 0);
  await runner.ended(first.id);
  clock.now += dayMs - 1;
  const second = await submit();
  clock.now += 1;
  const third = await submit();
  assert.deepEqual([second.id === first.id, third.id === first.id, third.isRepeat], [true, false, false]);
  fake.exit(third.id, 0);
});

test("of two with one key at the same instant one makes the job and the other gets it", async (t) => {
  const { jobs, submit } = openRunner(t, soon);
  const both = await Promise.all([submit({}, "job", "key"), submit({}, "job", "key")]);
  assert.deepEqual(
    [new Set(both.map(({ id }) => id)).size, both.map(({ isRepeat }) => isRepeat), jobs.open().length],
    [1, [false, true], 1],
  );
});

test("of two different ones with one key at the same instant one is refused", async (t) => {
  const { jobs, submit } = openRunner(t, soon);
  const both = await Promise.allSettled([submit({ prompt: "a" }, "job", "key"), submit({ prompt: "b" }, "job", "key")]);
  assert.deepEqual([both.map(({ status }) => status), jobs.open().length], [["fulfilled", "rejected"], 1]);
});

test("a repeat is answered though the queue is full, and though its session is busy", async (t) => {
  const { submit } = openRunner(t, { jobs: { max_running: 1, max_queued: 0 }, ...soon });
  const first = await submit({}, "run", "key");
  await assert.rejects(submit({}, "run"), { code: "queue_full" });
  assert.equal((await submit({}, "run", "key")).id, first.id);
});

test("who repeats a run gets its answer, while it runs and when it has ended", async (t) => {
  const { runner, fake, submit, resultOf } = openRunner(t);
  const first = await submit({}, "run", "key");
  const second = await submit({}, "run", "key");
  const answers = Promise.all([resultOf(first.id), resultOf(second.id)]);
  fake.exit(first.id, 0);
  const [a, b] = await answers;
  const third = await submit({}, "run", "key");
  assert.deepEqual([b, await resultOf(third.id)], [a, a]);
  await runner.drain();
});

test("a request that was refused has not used its key up", async (t) => {
  const { submit } = openRunner(t, soon);
  await assert.rejects(submit({ podman: { volumes: ["/nowhere:/x"] } }, "job", "key"));
  await assert.doesNotReject(submit({ prompt: "another" }, "job", "key"));
});

test("a key whose job was removed can be used again", async (t) => {
  const { db, runner, fake, submit } = openRunner(t, soon);
  const first = await submit({}, "job", "key");
  fake.exit(first.id, 0);
  await runner.ended(first.id);
  db.prepare("delete from jobs where id = ?").run(first.id);
  const second = await submit({ prompt: "another" }, "job", "key");
  assert.notEqual(second.id, first.id);
});
