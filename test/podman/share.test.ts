import assert from "node:assert/strict";
import { test } from "node:test";
import { sharing } from "../../lib/podman/share.ts";

/** Questions that are answered when the test says so; an answer is the number of its question. */
const openShare = () => {
  const asked: { key: string; answer: () => void; fail: () => void }[] = [];
  const ask = sharing((key) => {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const number = asked.length + 1;
    asked.push({ key, answer: () => resolve(number), fail: () => reject(new Error(`no ${number}`)) });
    return promise;
  });
  return { ask, asked, settle: () => new Promise(setImmediate) };
};

test("a question by itself is asked", async () => {
  const { ask, asked } = openShare();
  const answer = ask("a");
  asked[0]?.answer();
  assert.equal(await answer, 1);
});

test("a question that comes while another is being answered gets no answer older than itself", async () => {
  const { ask, asked, settle } = openShare();
  const [first, second] = [ask("a"), ask("a")];
  assert.equal(asked.length, 1);
  asked[0]?.answer();
  assert.equal(await first, 1);
  await settle();
  asked[1]?.answer();
  assert.equal(await second, 2);
});

test("a thousand at once cost two calls", async () => {
  const { ask, asked, settle } = openShare();
  const answers = Array.from({ length: 1000 }, () => ask("a"));
  asked[0]?.answer();
  await settle();
  asked[1]?.answer();
  await Promise.all(answers);
  assert.equal(asked.length, 2);
});

test("who asks during the second call gets the third answer", async () => {
  const { ask, asked, settle } = openShare();
  const answers = [ask("a"), ask("a")];
  asked[0]?.answer();
  await settle();
  answers.push(ask("a"));
  asked[1]?.answer();
  await settle();
  asked[2]?.answer();
  assert.deepEqual(await Promise.all(answers), [1, 2, 3]);
});

test("an answer is not kept", async () => {
  const { ask, asked } = openShare();
  const first = ask("a");
  asked[0]?.answer();
  await first;
  const second = ask("a");
  asked[1]?.answer();
  assert.equal(await second, 2);
});

test("other questions do not wait", () => {
  const { ask, asked } = openShare();
  void ask("a");
  void ask("b");
  assert.deepEqual(
    asked.map(({ key }) => key),
    ["a", "b"],
  );
});

test("a failure is told to who asked, and the next is asked all the same", async () => {
  const { ask, asked, settle } = openShare();
  const [first, second] = [ask("a"), ask("a")];
  const failed = assert.rejects(first, { message: "no 1" });
  asked[0]?.fail();
  await failed;
  await settle();
  asked[1]?.answer();
  assert.equal(await second, 2);
});
