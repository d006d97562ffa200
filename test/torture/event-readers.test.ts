import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { get, type IncomingMessage } from "node:http";
import { join } from "node:path";
import { after, test } from "node:test";
import { startStromboli, type Stromboli } from "../e2e/harness.ts";
import { rootful } from "../e2e/podman.ts";
import { makeStandIn } from "../e2e/stand-in.ts";

const config = { claude: { binary: makeStandIn({ after }) }, jobs: { max_running: 2 } };
const stromboli = await startStromboli({ after }, { config });
const { ended, openEvents } = stromboli;

const crowd = rootful ? 300 : 60;
const megabytes = rootful ? 100 : 5; // for each reader
const readers = 50;
const mostMb = 150;

const write = (lines: number) =>
  `line=$(head -c 1000 /dev/zero | tr '\\0' x); yes "{\\"type\\":\\"test\\",\\"text\\":\\"$line\\"}" | head -n ${lines}`;

/** Lets a job go on that holds. */
const go = async (id: string) => {
  const { session_id } = await stromboli.show(id);
  await stromboli.job(session_id, "running");
  writeFileSync(join(stromboli.workspace(session_id), "go"), "");
};

const begin = async (prompt: string, on = stromboli) => {
  const { body } = await on.submit({ prompt });
  return String(body.job_id);
};

/** An open stream of events that nothing is read from yet. */
const connect = (id: string, on = stromboli) =>
  new Promise<IncomingMessage>((resolve, reject) => {
    get(`${on.url()}/jobs/${id}/events`, { agent: false }, resolve).once("error", reject);
  });

/** All that comes, told by its length and its digest: it is too much to keep. */
const drain = async (response: IncomingMessage) => {
  const hash = createHash("sha1");
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    hash.update(chunk);
  }
  return `${bytes} ${hash.digest("hex")}`;
};

/** The most memory that the daemon has had, in MB. */
const peakMb = ({ pid }: Stromboli): number => {
  const [, kib] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid()}/status`, "utf8")) ?? [];
  return Number(kib) / 1024;
};

test(`${crowd} readers of one job all get the same`, async (t) => {
  const id = await begin("hold; for i in 1 2 3 4 5 6 7 8 9; do echo line $i; echo error $i >&2; done; answer hi");
  const open = Promise.all(Array.from({ length: crowd }, () => connect(id)));
  const texts = open.then((responses) => Promise.all(responses.map(drain)));
  await open;
  await go(id);
  const began = performance.now();
  const different = new Set(await texts);
  t.diagnostic(`${Math.round(performance.now() - began)} ms`);
  assert.deepEqual([...different], [await drain(await connect(id))]);
  assert.equal((await ended(id)).outcome, "succeeded");
});

test("a reader that does not read for a while loses nothing, and holds up neither the job nor other readers", async () => {
  const id = await begin(`${write(10_000)}; answer hi`);
  const idle = await connect(id);
  assert.equal((await ended(id)).outcome, "succeeded");
  const quick = await drain(await connect(id));
  assert.ok(idle.socket.bytesRead < 8_000_000, `${idle.socket.bytesRead} bytes`);
  assert.equal(await drain(idle), quick);
});

test(`${readers} readers of ${megabytes} MB leave the daemon within ${mostMb} MB`, async (t) => {
  const fresh = await startStromboli(t, { config });
  const id = await begin(`${write(megabytes * 1000)}; answer hi`, fresh);
  const began = performance.now();
  const streams = await Promise.all(Array.from({ length: readers }, () => connect(id, fresh)));
  const different = new Set(await Promise.all(streams.map(drain)));
  const mb = peakMb(fresh);
  t.diagnostic(`${Math.round(performance.now() - began)} ms, at most ${Math.round(mb)} MB`);
  assert.equal(different.size, 1);
  assert.ok(mb < mostMb, `${mb} MB`);
});

test("a health check is answered at once while an agent floods its output", async (t) => {
  const id = await begin(`${write(60_000)}; answer hi`);
  const { body } = await openEvents(id);
  const taken: number[] = [];
  const flood = { over: false };
  void ended(id).finally(() => (flood.over = true));
  while (!flood.over) {
    const began = performance.now();
    await (await stromboli.send("/healthz")).text();
    taken.push(performance.now() - began);
  }
  await body?.cancel();
  t.diagnostic(`at most ${Math.round(Math.max(...taken))} ms of ${taken.length}`);
  assert.ok(Math.max(...taken) < 5000, `${Math.max(...taken)} ms`);
});
