import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { ask, beside, createComposing } from "./composing.ts";
import { startStromboli } from "./harness.ts";
import { noRedis, redisImage } from "./redis.ts";
import { makeStandIn, scripted } from "./stand-in.ts";
import { until } from "./wait.ts";

const skip = noRedis;
const database = { image: skip ? "" : await redisImage({ after }) };
const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { run, submit, ended, cancel, workspace } = stromboli;
const { left, allGone, fileOf, begin } = createComposing(stromboli);

test("a service that does not get healthy ends the run before its agent, with its last words", { skip }, async () => {
  const healthcheck = { test: ["CMD", "false"], interval: "200ms", retries: 2 };
  const path = fileOf({ db: { ...database, entrypoint: ["sh", "-c", "echo no disk; sleep 60"], healthcheck } });
  const { status, body } = await run(scripted("touch begun", beside(path)));
  assert.deepEqual([status, body.code], [503, "start_failed"]);
  assert.match(String(body.error), /service db is unhealthy.*; its last words: no disk/);
  await allGone();
});

test(
  "a service that fails at once ends the run before its agent, with its exit code and last words",
  { skip },
  async () => {
    const path = fileOf({ db: { ...database, entrypoint: ["sh", "-c", "echo bad configuration >&2; exit 3"] } });
    const { body } = await run(scripted("touch begun", beside(path)));
    assert.match(String(body.error), /service db ended with exit code 3; its last words: bad configuration/);
    await allGone();
  },
);

test("a run that is cancelled while its services come up never begins, and leaves nothing", { skip }, async () => {
  const path = fileOf({ db: { ...database, healthcheck: { test: "false", interval: "1s", retries: 600 } } });
  const session = randomUUID();
  const { body } = await submit(scripted("touch begun", beside(path, { session })));
  await until("the service", async () => (await left()).some((name) => name.endsWith("-db")));
  assert.equal((await cancel(String(body.job_id))).status, 200);
  const { outcome } = await ended(String(body.job_id));
  assert.deepEqual([outcome, existsSync(join(workspace(session), "begun"))], ["cancelled", false]);
  await allGone();
});

test("a daemon that dies while services come up brings them up anew, and the run succeeds", { skip }, async () => {
  const slow = { interval: "200ms", retries: 600, test: "test -e /tmp/ok || { touch /tmp/ok; false; }" };
  const path = fileOf({ one: { ...database, healthcheck: slow }, db: { ...database, depends_on: ["one"] } });
  const { body } = await submit(scripted(ask("PING"), beside(path)));
  await until("the first service", async () => (await left()).some((name) => name.endsWith("-one")));
  await stromboli.end("SIGKILL");
  await stromboli.start();
  const { outcome, output } = await ended(String(body.job_id));
  assert.deepEqual([outcome, output], ["succeeded", "+PONG"]);
  await allGone();
});

test("services outlive a daemon that dies beside their agent, and go when the run has ended", { skip }, async () => {
  const { id, go } = await begin(fileOf({ db: database }), ask("PING"));
  await stromboli.end("SIGKILL");
  go();
  await stromboli.start();
  const { outcome, output } = await ended(id);
  assert.deepEqual([outcome, output], ["succeeded", "+PONG"]);
  await allGone();
});

for (const { what, services, code, error } of [
  {
    what: "an image that is not here",
    services: { db: { image: "localhost/none" } },
    code: "image_not_found",
    error: /^service db: there is no image localhost\/none/,
  },
  {
    what: "a key that is not allowed",
    services: { db: { ...database, privileged: true } },
    code: "compose_invalid",
    error: /services\.db\.privileged/,
  },
  {
    what: "a secret that is not there",
    services: { db: { ...database, secrets: ["nowhere"] } },
    code: "secret_not_found",
    error: /nowhere/,
  },
])
  // prettier-ignore
  test(`a file with ${what} is refused`, { skip }, async () => {
    const path = fileOf(services, { secrets: { nowhere: { external: true } } });
    const { body } = await run(scripted("true", beside(path)));
    assert.equal(body.code, code);
    assert.match(String(body.error), error);
  });

test("a file outside policy.volumes is refused like one that is not there", { skip }, async () => {
  const refusals = await Promise.all(
    ["/etc/passwd", "/nowhere/compose.yaml"].map((path) => run(scripted("true", beside(path)))),
  );
  assert.deepEqual(
    refusals.map(({ body }) => body.code),
    ["volume_not_allowed", "volume_not_allowed"],
  );
});
