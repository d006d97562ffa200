import assert from "node:assert/strict";
import { test } from "node:test";
import { openApp } from "./harness.ts";

const mebibyte = 1_048_576;
const nested = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

for (const [title, body] of [
  ["nothing", ""],
  ["no JSON", "{oops"],
  ["half a JSON", '{"prompt":"hi"'],
  ["two JSONs", '{"prompt":"hi"}{}'],
  ["a word", '"hi"'],
  ["null", "null"],
  ["a number", "1e999"],
  ["a list", '[{"prompt":"hi"}]'],
  ["no prompt", "{}"],
  ["an empty prompt", '{"prompt":""}'],
  ["a prompt of a wrong type", '{"prompt":{"a":1}}'],
  ["options of a wrong type", '{"prompt":"hi","claude":[]}'],
  ["a huge number", '{"prompt":"hi","claude":{"max_turns":1e308}}'],
  ["an endless number", '{"prompt":"hi","claude":{"max_budget_usd":1e999}}'],
  ["a number of a thousand digits", `{"prompt":"hi","podman":{"cpu_shares":${"9".repeat(1000)}}}`],
  ["100,000 levels", nested(100_000)],
  ["100,000 levels in an unknown field", `{"prompt":"hi","x":${nested(100_000)}}`],
  ["100,000 levels in a known field", `{"prompt":"hi","labels":${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}`],
  ["100,000 levels in agents", `{"prompt":"hi","claude":{"agents":{"a":${nested(100_000)}}}}`],
  ["a NUL between the values", '{"prompt":\0"hi"}'],
  ["a bare NUL in a prompt", '{"prompt":"a\0b"}'],
  ["an escaped NUL in a path", '{"prompt":"hi","workdir":"/a\\u0000b"}'],
  ["an escaped NUL in a volume", '{"prompt":"hi","podman":{"volumes":["/a:/b\\u0000"]}}'],
  ["an escaped NUL in a variable", '{"prompt":"hi","podman":{"env":{"A":"\\u0000"}}}'],
  ["a prototype", '{"prompt":"hi","__proto__":{"x":1},"constructor":{}}'],
  ["10,000 unknown fields", `{"prompt":"hi",${Array.from({ length: 10_000 }, (_, n) => `"f${n}":1`).join()}}`],
] as const) {
  test(`a body with ${title} is 400 and starts nothing`, async (t) => {
    const { run, submitted } = openApp(t);
    const { status, body: failure } = await run(body);
    const { error, code, request_id, id } = failure;
    assert.deepEqual([status, code, id, typeof request_id, submitted], [400, "invalid_request", "", "string", []]);
    assert.ok(typeof error === "string" && error.length > 0);
  });
}

test("bytes that are no UTF-8 are 400 and not another prompt", async (t) => {
  const { call, submitted } = openApp(t);
  const body = Buffer.concat([Buffer.from('{"prompt":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
  const { status } = await call("/run", { method: "POST", body });
  assert.deepEqual([status, submitted], [400, []]);
});

test("a prompt of one MiB in any script is taken", async (t) => {
  const { run, submitted } = openApp(t);
  const prompt = "🦊".repeat(mebibyte / 4);
  await run({ prompt });
  assert.equal(submitted[0]?.request.prompt, prompt);
});

test("a prompt of more is 400", async (t) => {
  const { status, body } = await openApp(t).run({ prompt: "a".repeat(mebibyte + 1) });
  assert.deepEqual([status, body["code"]], [400, "invalid_request"]);
});

test("a body of more than ten MiB is 413", async (t) => {
  const { run, submitted } = openApp(t);
  const sent = "x".repeat(10 * mebibyte + 1);
  const { status, body } = await run(sent, { "content-length": String(sent.length) });
  assert.deepEqual([status, body["code"], submitted], [413, "payload_too_large", []]);
});

test("a body of more than ten MiB without a stated length is 413", async (t) => {
  const { call, submitted } = openApp(t);
  const piece = new Uint8Array(mebibyte).fill(0x20);
  let sent = 0;
  const body = new ReadableStream({ pull: (control) => (sent++ < 12 ? control.enqueue(piece) : control.close()) });
  const { status, text } = await call("/run", { method: "POST", body });
  assert.deepEqual([status, JSON.parse(text).code, submitted], [413, "payload_too_large", []]);
});

test("an unknown field is named with its place, so that a typo does not run without limits", async (t) => {
  const { body } = await openApp(t).run({ prompt: "hi", podman: { memroy: "1g" }, modle: "x" });
  assert.deepEqual(
    [body["error"], body["details"]],
    [
      "podman.memroy: unknown field, did you mean podman.memory? (and 1 more)",
      [
        { path: "podman.memroy", message: "unknown field, did you mean podman.memory?" },
        { path: "modle", message: "unknown field" },
      ],
    ],
  );
});

for (const [path, body, meant] of [
  ["/run", { promt: "hi" }, "promt: unknown field, did you mean prompt?"],
  ["/run/async", { prompt: "hi", claude: { modle: "x" } }, "claude.modle: unknown field, did you mean claude.model?"],
  ["/run/stream?evnts=raw", { prompt: "hi" }, "evnts: unknown field, did you mean events?"],
  ["/secrets", { name: "a", valeu: "b" }, "valeu: unknown field, did you mean value?"],
] as const) {
  test(`what may be meant is asked: ${meant}`, async (t) => {
    const { text } = await openApp(t).call(path, { method: "POST", body: JSON.stringify(body) });
    const { details } = JSON.parse(text) as { details: { path: string; message: string }[] };
    assert.ok(details.map((issue) => `${issue.path}: ${issue.message}`).includes(meant), text);
  });
}

test("a field that resembles none is only said to be unknown, whatever its length", async (t) => {
  const names = ["x", "zebra", "p".repeat(1_000_000)];
  const { body } = await openApp(t).run({ prompt: "hi", ...Object.fromEntries(names.map((name) => [name, 1])) });
  assert.deepEqual(
    body["details"],
    names.map((path) => ({ path, message: "unknown field" })),
  );
});

test("a bad value is named with its place and what would fit", async (t) => {
  const { body } = await openApp(t).run({ prompt: "hi", podman: { memory: "512" } });
  assert.match(String(body["error"]), /^podman\.memory: must be a whole number with one unit .*512m/);
});

test("what a caller sent is not quoted in the error", async (t) => {
  const { body } = await openApp(t).run({ prompt: "hi", podman: { env: { A: "SECRET\n" } } });
  assert.ok(!JSON.stringify(body).includes("SECRET"));
});

test("JSON that cannot be read is not quoted in the error", async (t) => {
  const { body } = await openApp(t).run('{"prompt": SECRET}');
  assert.ok(!JSON.stringify(body).includes("SECRET"));
});

for (const [json, prompt] of [
  ["\\ud83e\\udd8a", "🦊"],
  ["a\\\\ud800", "a\\ud800"],
  ["\\uD83E\\uDD8A\\n\\u00e9", "🦊\né"],
] as const) {
  test(`a prompt that is escaped as ${json} is ${JSON.stringify(prompt)}`, async (t) => {
    const { run, submitted } = openApp(t);
    await run(`{"prompt":"${json}"}`);
    assert.equal(submitted[0]?.request.prompt, prompt);
  });
}
