import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { test } from "node:test";
import { eventsFrom } from "../../lib/client/sse.ts";
import { jobFolder } from "../../lib/jobs/folder.ts";
import { jobOf } from "../jobs/containers.ts";
import { resultLine } from "../jobs/harness.ts";
import { randomFrom } from "../jobs/recording.ts";
import { openApp } from "./harness.ts";

/** Bytes of every kind, in lines of every length. */
const randomBytes = (random: (below: number) => number): Buffer => {
  const pieces = [Buffer.from("\n"), Buffer.from("\r"), Buffer.from("é🦊"), Buffer.from([0xff]), Buffer.from([0xc3]), Buffer.from("\0"), Buffer.from("id: 9")]; // prettier-ignore
  const parts = Array.from({ length: 400 }, () => {
    const length = random(20) === 0 ? random(90_000) : random(200);
    return random(3) > 0 ? Buffer.alloc(length, "x") : (pieces[random(pieces.length)] ?? Buffer.from("\n"));
  });
  return Buffer.concat(parts.flatMap((part) => (random(2) === 0 ? [part, Buffer.from("\n")] : [part])));
};

for (const seed of [1, 2, 3, 4]) {
  test(`what goes out are the events as they are, from wherever they are asked for, seed ${seed}`, async (t) => {
    const { deps, fake, start, runner, send, eventsOf } = openApp(t, { output: resultLine });
    const random = randomFrom(seed);
    fake.state.onStart = (spec) => {
      const folder = jobFolder(deps.jobsFolder, jobOf(spec));
      appendFileSync(folder.output, randomBytes(random));
      appendFileSync(folder.stderr, randomBytes(random));
      fake.exit(jobOf(spec), 0);
    };
    const id = await start();
    await runner.ended(id);
    const whole = (await eventsOf(id)).map(({ id: number, type, data }) => ({
      id: String(number),
      event: type,
      data: data.replaceAll(/\r\n?/g, "\n"), // a carriage return ends a line of an event
    }));
    assert.deepEqual(
      whole.map((event) => event.id),
      whole.map((_, index) => String(index + 1)),
    );
    for (let after = 0; after < whole.length; after += 1 + random(Math.ceil(whole.length / 15))) {
      const answer = await send(`/jobs/${id}/events?after=${after}`);
      const events = await Array.fromAsync(eventsFrom(answer.body ?? new Blob([]).stream()));
      assert.deepEqual(events, whole.slice(after), `after ${after}`);
    }
  });
}
