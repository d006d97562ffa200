import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";
import { until } from "../e2e/wait.ts";
import { openApp } from "../daemon/harness.ts";
import { openSessions, said } from "../daemon/sessions.ts";
import { answering, hangUp, jobId, json, streamOf } from "./harness.ts";
import { connectTools } from "./mcp.ts";

type Options = Parameters<typeof openApp>[1];

const line = (fields: object): string => `${JSON.stringify(fields)}\n`;
const result = (text: string, more: object = {}): string =>
  line({ type: "result", subtype: "success", is_error: false, num_turns: 1, result: text, ...more });

/** The tools before the real daemon's app; its agents write `output`. */
const harness = async (t: TestContext, options: Options = {}) => {
  const app = openApp(t, options);
  return { ...app, ...(await connectTools(t, await app.listen())) };
};

const running = (jobs: Awaited<ReturnType<typeof harness>>["jobs"]) =>
  until("a job that runs", () => jobs.open().find(({ state }) => state === "running"));

test("the tools say what they take, by the schema of a run and with an object at the top", async (t) => {
  const { client } = await harness(t);
  const { tools } = await client.listTools();
  assert.deepEqual(
    tools.map(({ name }) => name),
    ["run", "watch_job", "cancel_job", "list_jobs", "read_job", "list_sessions", "list_images", "read_session", "read_message"], // prettier-ignore
  );
  for (const { name, inputSchema } of tools) assert.equal(inputSchema.type, "object", name);
  const fields = Object.keys(tools[0]?.inputSchema.properties ?? {});
  assert.ok(["prompt", "claude", "podman", "demo", "detach"].every((field) => fields.includes(field)));
});

test("run gives the answer, and then what else is known as JSON", async (t) => {
  const { call } = await harness(t, { output: result("42") });
  const { texts, known, isError } = await call("run", { prompt: "hi" });
  assert.deepEqual([texts[0], isError, known["outcome"]], ["42", false, "succeeded"]);
  assert.match(String(known["id"]), /^job-/);
  assert.equal("output" in known, false);
});

test("a run that fails is an error of the tool, with its outcome", async (t) => {
  const { call } = await harness(t, { output: result("no", { is_error: true }) });
  const { known, isError } = await call("run", { prompt: "hi" });
  assert.deepEqual([isError, known["outcome"]], [true, "agent_error"]);
});

test("a long answer is cut, and read on in pieces that make the whole", async (t) => {
  const whole = "🦊".repeat(25_000);
  const { call } = await harness(t, { output: result(`a${whole}`) });
  const { texts, known } = await call("run", { prompt: "hi" });
  let text = texts[0] ?? "";
  assert.ok(text.length <= 20_000);
  let hint = String(known["cut"]);
  for (let reads = 0; reads < 5 && hint.includes("read_job"); reads += 1) {
    const next = await call("read_job", { job_id: known["id"], offset: Number(/\d+$/.exec(hint)?.[0]) });
    text += next.texts[0] ?? "";
    hint = String(next.known["cut"]);
  }
  assert.equal(text === `a${whole}`, true);
});

test("a waiting call tells how the run goes on", async (t) => {
  const messages: string[] = [];
  const { call, jobs, fake, write } = await harness(t, { ends: false, output: "" });
  const tool = { type: "tool_use", name: "Bash", input: { command: "ls\nid" } };
  const done = call("run", { prompt: "hi" }, { onProgress: (message) => messages.push(message) });
  const { id } = await running(jobs);
  write(id, line({ type: "assistant", message: { content: [tool] } }));
  await until("progress", () => messages.includes("Bash ls"));
  write(id, result("done"));
  fake.exit(id, 0);
  assert.equal((await done).texts[0], "done");
  assert.ok(messages.includes("starting a container"), messages.join());
});

test("a call that is cancelled cancels the run that it waits for", async (t) => {
  const { call, jobs } = await harness(t, { ends: false, output: "" });
  const client = new AbortController();
  const done = call("run", { prompt: "hi" }, { signal: client.signal });
  const { id } = await running(jobs);
  client.abort();
  await assert.rejects(done);
  await until("the end", () => jobs.find(id)?.state === "ended");
  assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
});

test("a detached run is answered with its job, which watch_job waits for and leaves alone when it is cancelled", async (t) => {
  const { call, jobs, fake } = await harness(t, { ends: false, output: result("42") });
  const { known } = await call("run", { prompt: "hi", detach: true });
  const job_id = String(known["job_id"]);
  const client = new AbortController();
  const left = call("watch_job", { job_id }, { signal: client.signal });
  await running(jobs);
  client.abort();
  await assert.rejects(left);
  const soon = await call("watch_job", { job_id, seconds: 1 });
  assert.deepEqual([soon.known["status"], soon.isError], ["running", false]);
  const done = call("watch_job", { job_id });
  await setImmediate();
  fake.exit(job_id, 0);
  assert.equal((await done).texts[0], "42");
});

test("cancel_job ends a job, and says when it had ended already", async (t) => {
  const { call, jobs } = await harness(t, { ends: false, output: "" });
  const { job_id } = (await call("run", { prompt: "hi", detach: true })).known;
  await running(jobs);
  assert.deepEqual((await call("cancel_job", { job_id })).known, { job_id, cancelled: true });
  await until("the end", () => jobs.find(String(job_id))?.state === "ended");
  assert.equal((await call("cancel_job", { job_id })).known["cancelled"], false);
});

const titles = ({ known }: { known: Record<string, unknown> }): string[] =>
  (known["jobs"] as { title: string }[]).map(({ title }) => title); // by the schema of jobs

test("list_jobs has pages, newest first", async (t) => {
  const { call } = await harness(t);
  for (const prompt of ["one", "two", "three"]) await call("run", { prompt });
  const first = await call("list_jobs", { limit: 2 });
  assert.deepEqual(titles(first), ["three", "two"]);
  assert.deepEqual(titles(await call("list_jobs", { cursor: Number(first.known["next_cursor"]) })), ["one"]);
  assert.deepEqual(titles(await call("list_jobs", { status: "running" })), []);
});

test("a conversation is read in pages, its long messages cut and then read in full", async (t) => {
  const app = openSessions(t);
  const { call } = await connectTools(t, await app.listen());
  const id = await app.begin();
  const long = "x".repeat(50_000);
  app.tell(id, Array.from({ length: 60 }, (_, index) => `${said(`m${index}`, index === 0 ? long : `hi ${index}`)}\n`).join("")); // prettier-ignore
  const page = await call("read_session", { session_id: id });
  assert.match(
    page.texts[0] ?? "",
    /^\[0\] user, t\nx+\n… 48000 more characters: read_message with message_id: m0\n\n\[1\]/,
  );
  assert.deepEqual(page.known, { session_id: id, total: 60, next_offset: 50 });
  const rest = await call("read_session", { session_id: id, offset: 50 });
  assert.deepEqual([rest.texts[0]?.includes("hi 59"), rest.known["next_offset"]], [true, undefined]);
  const message = await call("read_message", { session_id: id, message_id: "m0", offset: 40_000 });
  assert.deepEqual([message.texts[0]?.length, message.known["next_offset"]], [10_000, undefined]);
  const sessions = (await call("list_sessions", {})).known["sessions"] as { id: string }[];
  assert.deepEqual(sessions.map((session) => session.id), [id]); // prettier-ignore
});

test("list_images names what a run can have as its image", async (t) => {
  const image = {
    id: "sha256:1", names: ["localhost/a:1"], size: 1, created: "2026-01-01T00:00:00.000Z", digest: "sha256:2",
    architecture: "amd64", labels: {}, libc: "glibc" as const, shell: true, tools: ["bash", "git"],
  }; // prettier-ignore
  const { call } = await harness(t, { images: [image as never] });
  const { known } = await call("list_images");
  assert.deepEqual((known["images"] as { image: string }[]).map((one) => one.image), ["localhost/a:1"]); // prettier-ignore
});

for (const [name, input, why] of [
  ["read_job", { job_id: "job-0000000000000000" }, /^job_not_found: there is no job job-0000000000000000/],
  ["read_job", { job_id: "seven" }, /must be job- or run- and 16 hexadecimal digits/],
  ["run", { prompt: "" }, /must say what the agent should do/],
  ["run", { prompt: "hi", memory: "1g" }, /memory/],
  ["run", { prompt: "hi", podman: { volumes: ["/etc:/mnt"] } }, /^volume_not_allowed: /],
  ["read_session", { session_id: "00000000-0000-4000-8000-000000000000" }, /^session_not_found: /],
] as const)
  test(`${name} with ${JSON.stringify(input)} is an error that says why`, async (t) => {
    const { call } = await harness(t);
    const { texts, isError } = await call(name, input);
    assert.equal(isError, true);
    assert.match(texts[0] ?? "", why);
  });

test("a connection to the daemon that is lost in the middle of a run is made anew", async (t) => {
  const ended = { id: jobId, status: "completed", outcome: "succeeded", output: "42" };
  let breaks = 2;
  const { socketPath } = await answering(t, {
    "GET /healthz": (_, response) => json(response, {}),
    "POST /run/async": (_, response) => json(response, { job_id: jobId, session_id: "s" }, 202),
    [`GET /jobs/${jobId}/events`]: (request, response) => {
      breaks -= 1;
      if (breaks >= 0) hangUp(request, response);
      else response.end(streamOf([{ id: 1, type: "done", data: JSON.stringify(ended) }]));
    },
  });
  const { call } = await connectTools(t, `unix://${socketPath}`);
  assert.deepEqual((await call("run", { prompt: "hi" })).texts[0], "42");
});

test("without a daemon a tool says so", async (t) => {
  const { call } = await connectTools(t, "http://127.0.0.1:9");
  const { texts, isError } = await call("list_jobs");
  assert.deepEqual([isError, texts], [true, ["no_daemon: no daemon answers at STROMBOLI_HOST=http://127.0.0.1:9"]]);
});
