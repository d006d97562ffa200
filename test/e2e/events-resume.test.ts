import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { eventsFrom, type ServerEvent } from "../../lib/client/sse.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn } from "./stand-in.ts";
import { until } from "./wait.ts";

const stromboli = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { submit, ended, events, openEvents, logOf } = stromboli;

const readers = 10;
const perReader = Number(process.env["RESUMES_PER_READER"] ?? 10); // npm run torture has more
const mostEvents = 60; // between two disconnects

/** Lines of all sizes on both streams, some at a time, until there is a file `go`; the last line lacks its end. */
const writer = `
i=0
wide=$(head -c 3000 /dev/zero | tr '\\0' w)
until [ -e go ]; do
  for n in 1 2 3 4 5 6 7 8 9 10; do
    i=$((i + 1))
    printf '{"line":%d,"text":"%s é ☃ \\360\\237\\214\\213"}\\n' $i "$(printf %.$((i * 7 % 3000))s "$wide")"
    printf 'error %d\\n\\n' $i >&2
  done
  sleep 0.05
done
answer done; printf end`;

/** What a client has that reads some events behind the last one it knows, and then loses its connection. */
const readSome = async (id: string, known: readonly ServerEvent[], most: number): Promise<ServerEvent[]> => {
  const last = Number(known.at(-1)?.id ?? 0);
  const hungUp = new AbortController();
  const behind = randomInt(2) === 0 ? { lastEventId: last } : { query: `?after=${last}` };
  const { body } = await openEvents(id, { ...behind, signal: hungUp.signal });
  const got: ServerEvent[] = [];
  if (!body) return got; // all of a replay is known
  for await (const event of eventsFrom(body)) {
    got.push(event);
    if (got.length === most) break;
  }
  hungUp.abort();
  return got.slice(0, randomInt(got.length + 1)); // the rest was on its way
};

/** What a client has in the end that loses its connection again and again. */
const readInPieces = async (id: string, times: number): Promise<ServerEvent[]> => {
  const known: ServerEvent[] = [];
  for (let time = 0; time < times; time += 1) known.push(...(await readSome(id, known, 1 + randomInt(mostEvents))));
  return known;
};

const dataOf = (all: readonly ServerEvent[], source: string): string =>
  all
    .filter(({ event }) => event === source)
    .map(({ data }) => data)
    .join("\n");

const session_id = randomUUID();
const { body } = await submit({ prompt: writer, claude: { session_id } });
const id = String(body.job_id);

test(`readers that lose a live stream ${readers * perReader} times miss nothing and get nothing twice`, async () => {
  const reading = Array.from({ length: readers }, () => readInPieces(id, perReader));
  const known = await Promise.all(reading);
  writeFileSync(join(stromboli.workspace(session_id), "go"), "");
  assert.equal((await ended(id)).outcome, "succeeded");
  const whole = await events(id);
  for (const part of known) {
    const rest = await events(id, { lastEventId: Number(part.at(-1)?.id ?? 0) });
    assert.deepEqual([...part, ...rest], whole);
  }
});

test("the output of all events is the log byte for byte, and so is that to stderr", async () => {
  const whole = await events(id);
  assert.ok(dataOf(whole, "output") === String(await logOf(id)));
  assert.ok(`${dataOf(whole, "stderr")}\n` === String(await logOf(id, "?stream=stderr")));
  assert.deepEqual(
    whole.map((event) => event.id),
    whole.map((_, index) => String(index + 1)),
  );
});

test(`readers that lose a replay ${readers * perReader} times miss nothing and get nothing twice`, async () => {
  const whole = await events(id);
  const reading = Array.from({ length: readers }, () => readInPieces(id, perReader));
  for (const part of await Promise.all(reading)) assert.deepEqual(part, whole.slice(0, part.length));
});

test("readers of a job that is not over lose no event when the daemon is killed and comes back", async () => {
  const next = randomUUID();
  const job = String((await submit({ prompt: writer, claude: { session_id: next } })).body.job_id);
  const before = await readInPieces(job, 5);
  const cut = assert.rejects(events(job), { message: "terminated" });
  await until("events", async () => (await events(job, { query: "?follow=false" })).length > 100);
  await stromboli.end("SIGKILL");
  await cut;
  await stromboli.start();
  writeFileSync(join(stromboli.workspace(next), "go"), "");
  await stromboli.job(next, "ended");
  const whole = await events(job);
  assert.deepEqual(whole.slice(0, before.length), before);
  assert.ok(dataOf(whole, "output") === String(await logOf(job)));
});
