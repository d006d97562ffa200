import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { test } from "node:test";
import { jobFolder } from "../../lib/jobs/folder.ts";
import { jobOf } from "../jobs/containers.ts";
import { resultLine } from "../jobs/harness.ts";
import { openApp } from "./harness.ts";

const mebibyte = 1_048_576;
const size = 999_000;

for (const [what, line] of [
  ["letters", Buffer.alloc(size, "x")],
  ["bytes that are no UTF-8", Buffer.alloc(size, 0xff)],
  ["bytes that are no UTF-8, and a carriage return", Buffer.concat([Buffer.alloc(size, 0xff), Buffer.from("\r")])],
  ["carriage returns", Buffer.alloc(size, "\r")],
  ["carriage returns, every tenth", Buffer.from("123456789\r".repeat(size / 10))],
] as const) {
  for (const path of ["events", "stream"] as const) {
    test(`no event of ${path === "events" ? "a job" : "a raw stream"} is above 1 MiB, with a line of ${what}`, async (t) => {
      const { deps, fake, start, runner, send } = openApp(t, { output: resultLine });
      fake.state.onStart = (spec) => {
        const { output } = jobFolder(deps.jobsFolder, jobOf(spec));
        for (const piece of [line, "\n"]) appendFileSync(output, piece);
        fake.exit(jobOf(spec), 0);
      };
      const id = path === "events" ? await start() : "";
      await runner.ended(id);
      const answer = await (path === "events"
        ? send(`/jobs/${id}/events`)
        : send("/run/stream?events=raw", { method: "POST", body: '{"prompt":"hi"}' }));
      const text = Buffer.from(await answer.bytes()).toString("latin1");
      const sizes = text.split("\n\n").map((event) => event.length); // a character is a byte
      assert.ok(Math.max(...sizes) <= mebibyte, String(sizes));
      assert.match(text, /event: done/);
    });
  }
}
