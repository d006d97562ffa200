import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openPulling } from "./pulling.ts";
import { defaultImage, podman } from "./podman.ts";
import { noRegistry } from "./registry.ts";
import { makeStandIn, scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

const skip = noRegistry;
const binary = makeStandIn({ after });
const config = { claude: { binary }, policy: { pull: "missing" as const } };
const { stromboli, gate, host, pushed, isHere, downloads, pullsOf } = await openPulling({ after }, { config });
const { run, submit, show, ended, cancel, events } = stromboli;

/** The default image in the registry, under another name. */
const runnable = (name: string) => pushed(name, defaultImage);
const request = (image: string, more: object = {}) => scripted("echo hello", { podman: { image, ...more } });
const start = async (image: string, more: object = {}) => (await submit(request(image, more))).body.job_id ?? "";

test("a run pulls an image that is missing, and says which it was", { skip }, async () => {
  const image = await runnable("run:1");
  const { status, body } = await run(request(image));
  const { stdout } = await podman("image", "inspect", "--format={{.Id}} {{.Digest}}", image);
  assert.deepEqual([status, body.outcome, body.output], [200, "succeeded", "hello"]);
  assert.deepEqual(body.image, { reference: image, id: stdout.split(" ")[0], digest: stdout.split(" ")[1] });
  assert.ok((body.timings_ms?.pull ?? 0) > 0);
});

test("an image that is here is not asked for again", { skip }, async () => {
  const image = await runnable("twice:1");
  await run(request(image));
  gate.forget();
  const { body } = await run(request(image));
  assert.deepEqual([body.outcome, body.timings_ms?.pull, gate.count(/./)], ["succeeded", undefined, 0]);
});

test("a pull is a phase of its job, and an event", { skip }, async (t) => {
  const image = await runnable("phase:1");
  gate.shutFor(t);
  const id = await start(image);
  await gate.holding();
  const { status, phase, image: at } = await show(id);
  assert.deepEqual([status, phase, at], ["running", "pulling", { reference: image, id: "", digest: "" }]);
  gate.open();
  const told = (await events(id))
    .filter(({ event }) => event === "status")
    .map(({ data }) => JSON.parse(data)["status"]);
  assert.deepEqual(told, ["pending", "pulling", "running"]);
  assert.equal((await show(id)).outcome, "succeeded");
});

test("two jobs share one pull", { skip }, async (t) => {
  const image = await runnable("jobs:1");
  gate.shutFor(t);
  const ids = [await start(image), await start(image)];
  await gate.holding();
  await until("both to be at it", async () =>
    (await Promise.all(ids.map(show))).every(({ phase }) => phase === "pulling"),
  );
  gate.open();
  assert.deepEqual(
    (await Promise.all(ids.map(ended))).map(({ outcome }) => outcome),
    ["succeeded", "succeeded"],
  );
  assert.equal(gate.count(/^GET .*\/manifests\/1$/), 1);
});

test("a job that is cancelled while its image is pulled ends the pull", { skip }, async (t) => {
  const image = await runnable("cancelled:1");
  gate.shutFor(t);
  const id = await start(image);
  await gate.holding();
  assert.equal((await cancel(id)).status, 200);
  const { outcome, started_at } = await show(id);
  assert.deepEqual([outcome, started_at], ["cancelled", null]);
  await until("the pull to end", async () => (await pullsOf(image)).length === 0 && downloads().length === 0);
  assert.equal(await isHere(image), false);
});

test("a pull that takes longer than the run's timeout ends it as timed out", { skip }, async (t) => {
  const image = await runnable("slow:1");
  gate.shutFor(t);
  const id = await start(image, { timeout: "3s" });
  const { outcome, error, started_at } = await ended(id);
  assert.deepEqual([outcome, started_at], ["timed_out", null]);
  assert.match(error ?? "", /pulling .* took longer/);
});

test("a daemon that dies while an image is pulled is followed by one that pulls it again", { skip }, async (t) => {
  const image = await runnable("crash:1");
  gate.shutFor(t);
  const id = await start(image);
  await gate.holding();
  await stromboli.end("SIGKILL");
  gate.open();
  await stromboli.start();
  const { outcome, output, image: at } = await ended(id);
  assert.deepEqual([outcome, output, at.reference], ["succeeded", "hello", image]);
});

test("a daemon that stops while an image is pulled leaves the job to the next one", { skip }, async (t) => {
  const image = await runnable("stopped:1");
  gate.shutFor(t);
  const id = await start(image);
  await gate.holding();
  await stromboli.end("SIGTERM");
  assert.deepEqual(await pullsOf(image), []);
  gate.open();
  await stromboli.start();
  assert.equal((await ended(id)).outcome, "succeeded");
});

test("a run whose image no registry has is answered as a pull of it is", { skip }, async () => {
  const { status, body } = await run(request(`${host}/none:1`));
  assert.deepEqual([status, body.code], [404, "image_not_found"]);
});

test("a run whose pulled image cannot run agents says why", { skip }, async () => {
  const image = await pushed("empty:1");
  const { status, body } = await run(request(image));
  assert.deepEqual([status, body.code], [400, "image_incompatible"]);
});
