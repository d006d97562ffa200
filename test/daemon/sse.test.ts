import assert from "node:assert/strict";
import { test } from "node:test";
import { eventStream, type ServerEvent } from "../../daemon/routes/sse.ts";
import { mockTimers } from "../harness.ts";

/** A source of batches that a test hands out, and what became of it. */
const openSource = () => {
  const waiting: ((batch: ServerEvent[] | undefined) => void)[] = [];
  const seen = { asked: 0, stopped: false, over: false };
  async function* batches(): AsyncGenerator<ServerEvent[]> {
    try {
      for (;;) {
        seen.asked += 1;
        const batch = await new Promise<ServerEvent[] | undefined>((resolve) => waiting.push(resolve));
        if (!batch) return;
        yield batch;
      }
    } finally {
      seen.over = true;
    }
  }
  const give = (batch?: ServerEvent[]) => waiting.shift()?.(batch);
  const stop = () => {
    seen.stopped = true;
    give();
  };
  const response = eventStream(batches(), stop);
  const reader = (response.body ?? new Blob([]).stream()).getReader();
  return { seen, give, response, reader, next: async () => Buffer.from((await reader.read()).value ?? []).toString() };
};

const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise(setImmediate);
};

test("an event has its id, its name and its data, and ends with an empty line", async () => {
  const { give, next } = openSource();
  await settle();
  give([{ id: 7, event: "output", data: "a" }]);
  assert.equal(await next(), "id: 7\nevent: output\ndata: a\n\n");
});

test("what an event lacks is left out", async () => {
  const { give, next } = openSource();
  await settle();
  give([{ data: "" }]);
  assert.equal(await next(), "data: \n\n");
});

test("a batch is one piece", async () => {
  const { give, next } = openSource();
  await settle();
  give([{ data: "a" }, { data: "b" }]);
  assert.equal(await next(), "data: a\n\ndata: b\n\n");
});

for (const [text, lines] of [
  ["a\nb", "data: a\ndata: b"],
  ["a\r\nb", "data: a\ndata: b"],
  ["a\rb\n", "data: a\ndata: b\ndata: "],
  ["a\u2028b", "data: a\u2028b"],
  ["id: 9", "data: id: 9"],
] as const) {
  test(`data ${JSON.stringify(text)} has a line for each of its own`, async () => {
    const { give, next } = openSource();
    await settle();
    give([{ data: text }]);
    assert.equal(await next(), `${lines}\n\n`);
  });
}

test("while nothing happens there is a comment every 15 seconds, and then the event", async (t) => {
  const timers = mockTimers(t);
  const { give, next } = openSource();
  const seen: string[] = [];
  for (let times = 0; times < 2; times += 1) {
    const coming = next();
    await settle();
    timers.tick(15_000);
    seen.push(await coming);
  }
  const coming = next();
  await settle();
  give([{ data: "a" }]);
  seen.push(await coming);
  assert.deepEqual(seen, [": still here\n\n", ": still here\n\n", "data: a\n\n"]);
});

test("events are asked for no faster than they are taken", async () => {
  const { seen, give, next } = openSource();
  await settle();
  for (let count = 0; count < 5; count += 1) {
    give([{ data: String(count) }]);
    await settle();
  }
  assert.ok(seen.asked <= 2, String(seen.asked));
  await next();
  await settle();
  assert.ok(seen.asked <= 3, String(seen.asked));
});

test("the stream ends with its events", async () => {
  const { give, reader, seen } = openSource();
  await settle();
  give();
  assert.deepEqual([(await reader.read()).done, seen.stopped], [true, false]);
});

test("who hangs up stops the source, and that is over", async () => {
  const { seen, reader } = openSource();
  await settle();
  await reader.cancel();
  assert.deepEqual([seen.stopped, seen.over], [true, true]);
});

async function* failing(): AsyncGenerator<ServerEvent[]> {
  yield [{ data: "a" }];
  throw new Error("no");
}

test("a source that fails breaks the stream off", async () => {
  const response = eventStream(failing(), () => {});
  await assert.rejects(response.text(), { message: "no" });
});
