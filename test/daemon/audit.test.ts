import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import type { AuditEntry } from "../../lib/schema/audit.ts";
import { openApp } from "./harness.ts";

const open = (t: TestContext) => {
  const app = openApp(t, { auth: { required: "always" } });
  const bearer = (name: string, scope: "run" | "admin") => ({
    authorization: `Bearer ${app.apiTokens.create({ name, scopes: [scope] }).token}`,
  });
  const admin = bearer("root", "admin");
  const entries = async (query = ""): Promise<AuditEntry[]> =>
    (await app.json(`/audit${query}`, { headers: admin })).body["entries"] as AuditEntry[]; // the answer of the list
  return { ...app, admin, ci: bearer("ci", "run"), entries };
};
const told = ({ caller, action, target, decision, code }: AuditEntry) => [caller, action, target, decision, code];

test("what is run is written down, with the job and no word of the prompt", async (t) => {
  const { run, ci, entries } = open(t);
  const { body } = await run({ prompt: "my own words" }, { ...ci, "x-request-id": "r-1" });
  const written = await entries();
  assert.deepEqual(written.map(told), [["ci", "POST /run", body["id"], "allowed", null]]);
  assert.equal(written[0]?.request_id, "r-1");
  assert.equal(JSON.stringify(written).includes("own words"), false);
});

test("what is refused is written down, with why and to whom", async (t) => {
  const { call, post, ci, entries } = open(t);
  await call("/jobs?label=hush");
  await call("/tokens", { headers: ci });
  await post("/run", { prompt: "" }, ci);
  await post("/run", { prompt: "hi", podman: { volumes: ["/etc:/x"] } }, ci);
  assert.deepEqual((await entries()).map(told).toReversed(), [
    ["nobody", "GET /jobs", null, "refused", "unauthorized"],
    ["ci", "GET /tokens", null, "refused", "forbidden"],
    ["ci", "POST /run", null, "refused", "invalid_request"],
    ["ci", "POST /run", null, "refused", "volume_not_allowed"],
  ]);
});

test("reading leaves nothing in the record", async (t) => {
  const { call, admin, entries } = open(t);
  for (const path of ["/jobs", "/healthz", "/jobs/job-1"]) await call(path, { headers: admin });
  assert.deepEqual(await entries(), []);
});

test("strangers cannot fill the record", async (t) => {
  const { call, entries } = open(t);
  await entries(); // who was never there before would now be refused as well
  for (let count = 0; count < 100; count += 1) await call("/jobs");
  const kept = (await entries("?limit=500")).length;
  assert.ok(kept >= 60 && kept < 75, `${kept}`); // one more for each second that it took
});

test("control characters do not get into the record", async (t) => {
  const { call, ci, entries } = open(t);
  await call("/jobs/%1b%5b31m%0a", { method: "DELETE", headers: ci });
  assert.doesNotMatch((await entries())[0]?.action ?? "", /\p{Cc}/u);
});

test("the record is read in pages, by caller and by decision", async (t) => {
  const { json, post, run, admin, ci, entries } = open(t);
  await run({ prompt: "one" }, ci);
  await run({ prompt: "" }, ci);
  await post("/tokens", { name: "x", scopes: ["run"] }, admin);
  assert.deepEqual(
    (await entries("?caller=root")).map(({ action }) => action),
    ["POST /tokens"],
  );
  assert.deepEqual(
    (await entries("?decision=refused")).map(({ code }) => code),
    ["invalid_request"],
  );
  const first = await json("/audit?limit=2", { headers: admin });
  const rest = await entries(`?limit=2&cursor=${String(first.body["next_cursor"])}`);
  assert.deepEqual(
    rest.map(({ seq }) => seq),
    [1],
  );
});

test("the record is verified over HTTP", async (t) => {
  const { json, run, admin, ci } = open(t);
  await run({ prompt: "one" }, ci);
  const { status, body } = await json("/audit/verify", { headers: admin });
  assert.deepEqual([status, body["ok"], body["entries"]], [200, true, 1]);
});

test("that the record cannot be written does not take the answer away", async (t) => {
  const { run, db, ci, lines } = open(t);
  db.exec("drop table audit");
  assert.equal((await run({ prompt: "hi" }, ci)).status, 200);
  assert.ok(lines.some((line) => line.includes("could not be written down")));
});
