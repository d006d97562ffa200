import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setImmediate as breathe } from "node:timers/promises";
import type { JobEvent } from "../../lib/jobs/events.ts";
import { openRecording, randomFrom } from "./recording.ts";

type Recording = ReturnType<typeof openRecording>;

/** Writes lines of all sizes, cut at any byte, and has the recorder die and come back on the way. */
const record = async ({ start, write, finish, folder }: Recording, random: (below: number) => number) => {
  let recorder = start();
  for (let step = 0; step < 120; step += 1) {
    const source = random(4) === 0 ? "stderr" : "output";
    const size = [0, 1, 20, 300, 70_000, 1_100_000][random(step % 40 === 0 ? 6 : 5)] ?? 0;
    const text = "aé\r🦊".repeat(size / 4).slice(0, size);
    const feed = random(5) === 0 ? "" : "\n";
    const bytes = Buffer.from(`${text}${feed}`);
    const cut = random(bytes.length + 1);
    write(bytes.subarray(0, cut), source);
    if (random(3) === 0) await breathe();
    if (random(12) === 0) {
      await recorder[Symbol.asyncDispose]();
      recorder = start();
    }
    write(bytes.subarray(cut), source);
    if (random(3) === 0) await breathe();
  }
  await finish(recorder);
  return { output: readFileSync(folder.output), stderr: readFileSync(folder.stderr) };
};

/** Follows a job to its end, over connections that break off anywhere. */
const followBreaking = async ({ read }: Recording, random: (below: number) => number): Promise<JobEvent[]> => {
  const seen: JobEvent[] = [];
  while (seen.at(-1)?.type !== "done") {
    let left = 1 + random(40);
    for await (const batch of read({ after: seen.at(-1)?.id ?? 0 })) {
      const taken = batch.slice(0, left);
      seen.push(...taken);
      left -= taken.length;
      if (left === 0) break;
    }
  }
  return seen;
};

/** The lines of a file as events show them, and how many there are. */
const linesOf = (file: Buffer): string[] => {
  const text = file.toString();
  if (text === "") return [];
  return (text.endsWith("\n") ? text.slice(0, -1) : text).split("\n");
};

const shown = (events: readonly JobEvent[], source: string, file: Buffer): string[] =>
  events
    .filter(({ type }) => type === source)
    .map(({ data, place }) => (place ? file.toString("utf8", place.start, place.end).replace(/\n$/, "") : data));

for (const seed of [1, 2, 3, 4, 5]) {
  test(`whatever breaks off, who follows gets every line once and in order, seed ${seed}`, async (t) => {
    const recording = openRecording(t);
    const followers = [11, 12, 13].map((more) => followBreaking(recording, randomFrom(seed * 100 + more)));
    const files = await record(recording, randomFrom(seed));
    const replay = await recording.all();
    for (const events of await Promise.all(followers)) assert.deepEqual(events, replay);
    assert.deepEqual(
      replay.map(({ id }) => id),
      replay.map((_, index) => index + 1),
    );
    for (const source of ["output", "stderr"] as const)
      assert.ok(shown(replay, source, files[source]).join("\n") === linesOf(files[source]).join("\n"), source);
    for (let after = 0; after <= replay.length; after += 1 + Math.floor(replay.length / 25))
      assert.deepEqual(await recording.all({ after }), replay.slice(after));
  });
}
