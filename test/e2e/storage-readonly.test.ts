import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { execa } from "execa";
import { startStromboli } from "./harness.ts";
import { makePlace } from "./place.ts";
import { refusedStart } from "./process.ts";
import { noMounts, startOnSmallDisk } from "./small-disk.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

test(
  "a daemon on a read-only state folder is refused with the reason, and starts when it can be written to",
  { skip: await noMounts() },
  async (t) => {
    const disk = await startOnSmallDisk(t, { megabytes: 16 });
    await disk.end("SIGTERM");
    await disk.setReadOnly(true);
    const { code, said } = await refusedStart(disk.place);
    await disk.setReadOnly(false);
    assert.equal(code, 78);
    assert.match(said, new RegExp(`the state folder ${disk.place.state} cannot be used: `));
    assert.doesNotMatch(said, /\n\s+at /); // no stack
    await disk.start();
    assert.equal((await disk.send("/healthz")).status, 200);
  },
);

test("a database that is none is refused with the reason", async (t) => {
  const place = makePlace();
  t.after(() => place[Symbol.dispose]());
  place.configure({ state_dir: place.state });
  mkdirSync(place.state);
  writeFileSync(join(place.state, "stromboli.db"), "this is no database, and never was one\n".repeat(100));
  const { code, said } = await refusedStart(place);
  assert.equal(code, 78);
  assert.match(said, new RegExp(`the state folder ${place.state} cannot be used: file is not a database`));
});

test("a database that becomes read-only refuses work with 503, and takes it again when it can be written to", async (t) => {
  const stromboli = await startStromboli(t, { config: { claude: { binary: makeStandIn(t) } } });
  const journal = join(stromboli.place.state, "stromboli.db-wal");
  const setReadOnly = (readOnly: boolean) => execa("chattr", [readOnly ? "+i" : "-i", journal], { reject: false });
  t.after(() => setReadOnly(false));
  const { exitCode } = await setReadOnly(true);
  const refused = await stromboli.submit({ prompt: "answer hi" });
  if (exitCode !== 0 || refused.status === 202) {
    await setReadOnly(false);
    await stromboli.ended(String(refused.body.job_id));
    return t.skip("no file can be made immutable here");
  }
  const { status } = (await (await stromboli.send("/health")).json()) as { status: string };
  await setReadOnly(false);
  assert.deepEqual([refused.status, refused.body.code, status], [503, "storage_failed", "degraded"]);
  const { body } = await stromboli.submit({ prompt: "answer hi" });
  assert.equal((await stromboli.ended(String(body.job_id))).output, "hi");
  await until("health to be well", async () => (await stromboli.send("/readyz")).status === 200);
});
