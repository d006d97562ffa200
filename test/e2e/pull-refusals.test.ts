import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startStromboli } from "./harness.ts";
import { imageFrom, podman } from "./podman.ts";
import { openPulling } from "./pulling.ts";
import { noRegistry, startRegistry } from "./registry.ts";

const skip = noRegistry;
const nothing = "127.0.0.1:1";
const { stromboli, registry, gate, host, pull, pushed } = await openPulling({ after });
const { send } = stromboli;

test("an image that the registry does not have is 404", { skip }, async () => {
  const { status, body } = await pull(`${host}/none:1`);
  assert.deepEqual([status, body["code"]], [404, "image_not_found"]);
});

test("a registry that cannot be reached is 502", { skip }, async () => {
  const { status, body } = await pull(`${nothing}/tool:1`);
  assert.deepEqual([status, body["code"]], [502, "registry_unreachable"]);
});

test("an image that is not there for this machine is refused as incompatible", { skip }, async (t) => {
  const image = await pushed("other:1");
  const list = `${host}/list:1`;
  t.after(() => podman("manifest", "rm", "localhost/stromboli-e2e-list"));
  await registry.podman("manifest", "create", "localhost/stromboli-e2e-list");
  await registry.podman(
    "manifest",
    "add",
    "--arch=s390x",
    "--os=linux",
    "localhost/stromboli-e2e-list",
    `docker://${image}`,
  );
  await registry.podman("manifest", "push", "--all", "localhost/stromboli-e2e-list", `docker://${list}`);
  const { status, body } = await pull(list);
  assert.deepEqual([status, body["code"]], [400, "image_incompatible"]);
});

test("a registry is searched by name", { skip }, async () => {
  await pushed("deep/searched:1");
  const answer = await send(`/images/search?q=${host}/searched`);
  const { results } = (await answer.json()) as { results: { name: string }[] };
  assert.deepEqual(
    results.map(({ name }) => name),
    [`${host}/deep/searched`],
  );
});

test("a registry that cannot be reached is no result of a search", { skip }, async () => {
  const answer = await send(`/images/search?q=${nothing}/tool`);
  assert.deepEqual([answer.status, ((await answer.json()) as { code: string }).code], [502, "registry_unreachable"]);
});

test("a registry that wants a login says so, and with one it gives", { skip }, async (t) => {
  const locked = await startRegistry(t, { locked: true });
  const image = await locked.push(await imageFrom(t, ["/etc/empty"]), "private:1");
  const other = await startStromboli(t, { env: locked.env });
  const ask = async () => {
    const answer = await other.send("/images/pull", { method: "POST", body: JSON.stringify({ image }) });
    return { status: answer.status, code: ((await answer.json()) as { code?: string }).code };
  };
  assert.deepEqual(await ask(), { status: 502, code: "registry_denied" });
  await locked.login();
  assert.deepEqual(await ask(), { status: 200, code: undefined });
});

test("nothing is pulled while less is free than is to stay free", { skip }, async (t) => {
  const image = await pushed("room:1");
  const other = await startStromboli(t, { env: registry.env, config: { podman: { keep_free: "65536g" } } });
  const answer = await other.send("/images/pull", { method: "POST", body: JSON.stringify({ image }) });
  const { code, error } = (await answer.json()) as { code: string; error: string };
  assert.deepEqual([answer.status, code], [503, "disk_full"]);
  assert.match(error, /MiB free/);
  assert.equal(gate.count(/manifests/), 0);
});

test("a run whose image is missing is refused unless policy lets it be pulled", { skip }, async () => {
  const image = await pushed("refused:1");
  const { status, body } = await stromboli.run({ prompt: "hello", podman: { image } });
  assert.deepEqual([status, body.code], [404, "image_not_found"]);
  assert.match(body.error ?? "", /images pull .*policy\.pull/);
  assert.equal(gate.count(/manifests/), 0);
});
