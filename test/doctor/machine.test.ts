import assert from "node:assert/strict";
import { test } from "node:test";
import { judgeClock, judgeDisk, judgeLinger, judgeNode, judgeTun } from "../../lib/doctor/machine.ts";

const gib = 1_073_741_824;
const home = { root: false, systemd: true, lingers: true, user: "me" };
const nowMs = Date.parse("2026-01-01T12:00:00Z");
const minute = 60_000;

test("a Node before 24 is too old", () => {
  assert.equal(judgeNode({ version: "v24.0.0", path: "/n" }).message, "v24.0.0 (/n)");
  assert.equal(judgeNode({ version: "v22.23.3", path: "/n" }).status, "failure");
});

test("a tun device that is missing or closed costs a user the network, each with its own remedy", () => {
  assert.equal(judgeTun({ rootless: true, found: "usable" }).status, "ok");
  assert.match(judgeTun({ rootless: true, found: "missing" }).remedy ?? "", /modprobe tun/);
  assert.match(judgeTun({ rootless: true, found: "closed" }).remedy ?? "", /chmod 0666/);
  assert.equal(judgeTun({ rootless: false, found: "missing" }).status, "ok");
});

test("without linger systemd ends all at logout; without systemd, or for root, nobody does", () => {
  assert.equal(judgeLinger(home).status, "ok");
  const off = judgeLinger({ ...home, lingers: false });
  assert.deepEqual([off.status, off.remedy], ["warning", "type: sudo loginctl enable-linger me"]);
  assert.equal(judgeLinger({ ...home, lingers: false, systemd: false }).status, "ok");
  assert.equal(judgeLinger({ ...home, lingers: false, root: true }).status, "ok");
});

test("a clock that differs from the API's by more than five minutes is a failure, either way", () => {
  const of = (serverMs: number) => judgeClock({ nowMs, newestMs: undefined, serverMs });
  assert.equal(of(nowMs + 4 * minute).status, "ok");
  assert.equal(of(nowMs + 10 * minute).message, "the clock is 10 min earlier than the clock of the model API");
  assert.equal(of(nowMs - 10 * minute).message, "the clock is 10 min later than the clock of the model API");
});

test("files of the future show that the clock was set back, and old ones show nothing", () => {
  const of = (newestMs: number) => judgeClock({ nowMs, newestMs, serverMs: undefined });
  assert.equal(of(nowMs + 60 * minute).status, "warning");
  assert.equal(of(nowMs - 1_000_000 * minute).status, "ok");
});

test("the fullest disk is named: too full for pulls is a warning, too full for runs a failure", () => {
  const of = (...free: number[]) =>
    judgeDisk(
      free.map((freeBytes, at) => ({ path: `/${at}`, freeBytes })),
      gib,
    );
  assert.deepEqual(of(9 * gib, 2 * gib), { status: "ok", message: "2.0 GiB free at /1" });
  assert.equal(of(gib / 2, 9 * gib).message, "0.5 GiB free at /0, less than podman.keep_free: no image is pulled");
  assert.equal(of(1000).status, "failure");
  assert.equal(of().status, "ok");
});
