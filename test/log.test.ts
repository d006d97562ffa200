import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "../lib/log.ts";
import { memoryLog } from "./harness.ts";

test("a line is JSON with a level in a word, an RFC 3339 time, the fields and the message", () => {
  const { log, lines } = memoryLog();
  log.info({ job: "run-1" }, "run ended");
  const { time, ...rest } = JSON.parse(lines[0] ?? "") as Record<string, unknown>; // pino writes objects
  assert.deepEqual(rest, { level: "info", job: "run-1", msg: "run ended" });
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test("what is below the level is not written", () => {
  const lines: string[] = [];
  const log = createLog("warn", { write: (line) => void lines.push(line) });
  log.info({}, "quiet");
  log.warn({}, "loud");
  assert.equal(lines.length, 1);
});

for (const name of ["authorization", "prompt", "value", "handle", "token"]) {
  test(`a ${name} inside of an object is left out`, () => {
    const { log, lines } = memoryLog();
    log.error({ request: { [name]: "SECRET", other: "kept" } }, "x");
    assert.deepEqual([lines.join().includes("SECRET"), lines.join().includes("kept")], [false, true]);
  });

  test(`a ${name} beside the message is left out`, () => {
    const { log, lines } = memoryLog();
    log.error({ [name]: "SECRET" }, "x");
    assert.ok(!lines.join().includes("SECRET"));
  });
}

test("no control character is in a line but the line feed at its end, and all of them can be read", () => {
  const text = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join("");
  const { lines, log } = memoryLog();
  log.info({ text }, text);
  assert.match(lines[0] ?? "", /^\P{Cc}+\n$/u);
  const { msg, text: read } = JSON.parse(lines[0] ?? "") as Record<string, unknown>;
  assert.deepEqual([msg, read], [text, text]);
});
