import assert from "node:assert/strict";
import { after, test } from "node:test";
import { eventsFrom } from "../../lib/client/sse.ts";
import { imageFrom, podman } from "./podman.ts";
import { openPulling } from "./pulling.ts";
import { noRegistry } from "./registry.ts";
import { until } from "./wait.ts";

const skip = noRegistry;
const pulling = await openPulling({ after });
const { stromboli, gate, host, pull, waitFor, pushed, isHere, downloads, pullsOf } = pulling;

test("an image is pulled, with its id, and what it is good for", { skip }, async () => {
  const image = await pushed("tiny:1");
  const { status, body } = await pull(image);
  const { stdout: id } = await podman("image", "inspect", "--format={{.Id}}", image);
  assert.deepEqual(
    [status, body["success"], body["image"], body["image_id"], body["compatibility_rank"]],
    [200, true, image, id, 4],
  );
  assert.match(String(body["rank_description"]), /no C library/);
  assert.deepEqual(downloads(), []);
});

test("a pull for another platform is refused, and the image stays what it was", { skip }, async (t) => {
  const image = await pushed("native:1");
  const { body } = await pull(image);
  await pushed("native:1", await imageFrom(t, ["/etc/other"]));
  const { status, body: refusal } = await pull(image, { platform: "linux/s390x" });
  const { stdout: id } = await podman("image", "inspect", "--format={{.Id}}", image);
  assert.deepEqual([status, refusal["code"], id], [400, "image_incompatible", body["image_id"]]);
});

test("a pull tells its progress as a stream when asked to", { skip }, async () => {
  const image = await pushed("streamed:1");
  const response = await waitFor(image, "text/event-stream").answer;
  const events = response.body ? await Array.fromAsync(eventsFrom(response.body)) : [];
  assert.match(response.headers.get("content-type") ?? "", /event-stream/);
  assert.deepEqual([...new Set(events.map(({ event }) => event))], ["progress", "done"]);
  assert.match(events[0]?.data ?? "", /Trying to pull/);
  assert.equal(JSON.parse(events.at(-1)?.data ?? "")["image"], image);
});

test("a stream that ends in an error says which", { skip }, async () => {
  const response = await waitFor(`${host}/none:1`, "text/event-stream").answer;
  const events = response.body ? await Array.fromAsync(eventsFrom(response.body)) : [];
  const { event, data } = events.at(-1) ?? { event: "", data: "{}" };
  assert.deepEqual([response.status, event, JSON.parse(data)["code"]], [200, "error", "image_not_found"]);
});

test("two pulls of an image at the same time download it once", { skip }, async (t) => {
  const image = await pushed("shared:1");
  gate.shutFor(t);
  const first = waitFor(image);
  await gate.holding();
  const second = waitFor(image);
  await until("both to be pulling", async () => (await pullsOf(image)).length === 1);
  gate.open();
  const answers = await Promise.all([first.answer, second.answer]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200],
  );
  assert.equal(gate.count(/^GET .*\/manifests\/1$/), 1);
});

test("a client that hangs up ends its pull, and nothing is left of it", { skip }, async (t) => {
  const image = await pushed("left:1");
  gate.shutFor(t);
  const { hangUp } = waitFor(image);
  await gate.holding();
  assert.equal(downloads().length, 1);
  hangUp();
  await until("the pull to end", async () => (await pullsOf(image)).length === 0 && downloads().length === 0);
  assert.equal(await isHere(image), false);
});

test("what a daemon that was killed has left of a pull, the next one ends and removes", { skip }, async (t) => {
  const image = await pushed("killed:1");
  gate.shutFor(t);
  waitFor(image);
  await gate.holding();
  await stromboli.end("SIGKILL");
  assert.equal(downloads().length, 1);
  assert.equal((await pullsOf(image)).length, 1);
  await stromboli.start();
  await until("all to be gone", async () => (await pullsOf(image)).length === 0 && downloads().length === 0);
  gate.open();
  assert.equal(await isHere(image), false);
  assert.equal((await pull(image)).status, 200);
});
