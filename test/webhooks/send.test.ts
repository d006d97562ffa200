import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type AddressInfo, type LookupFunction } from "node:net";
import { Readable } from "node:stream";
import { test, type TestContext } from "node:test";
import { promisify } from "node:util";
import type { z } from "zod";
import type { Config } from "../../lib/schema/config.ts";
import { version } from "../../lib/version.ts";
import { createSender } from "../../lib/webhooks/send.ts";
import { configOf } from "../harness.ts";
import { never, startReceiver, statuses, type Answer } from "./harness.ts";

type Options = {
  config?: z.input<typeof Config>["webhooks"];
  lookup?: LookupFunction;
  body?: string;
  stop?: AbortSignal;
};

const send = (url: string, { config, body = "{}", stop = new AbortController().signal, ...lookup }: Options = {}) =>
  createSender({
    config: configOf({ webhooks: { allow_private: true, ...config } }).webhooks,
    now: () => 1_700_000_000_500,
    ...lookup,
  })({ id: "d-1", url, body }, stop);

const sendTo = async (t: TestContext, answer: Answer, options: Options = {}) =>
  send((await startReceiver(t, answer)).url, options);

const loopback: LookupFunction = (_, { all }, callback) =>
  all ? callback(null, [{ address: "127.0.0.1", family: 4 }]) : callback(null, "127.0.0.1", 4);

function* endless() {
  while (true) yield "x".repeat(4096);
}

test("a message is posted as JSON with the id of its delivery", async (t) => {
  const receiver = await startReceiver(t);
  assert.deepEqual(await send(receiver.url, { body: '{"a":"ü🦊"}' }), { kind: "answered", status: 200 });
  assert.deepEqual(receiver.received, [
    {
      method: "POST",
      url: "/hook?token=hush",
      headers: {
        host: `127.0.0.1:${receiver.port}`,
        "content-type": "application/json",
        "content-length": "14",
        "user-agent": `stromboli/${version}`,
        "x-stromboli-delivery": "d-1",
        connection: "close",
      },
      body: '{"a":"ü🦊"}',
    },
  ]);
});

test("with a secret the received bytes verify against the received headers", async (t) => {
  const receiver = await startReceiver(t);
  await send(receiver.url, { config: { secret: "s3cret" }, body: '{ "raw" :\t"ü🦊" }' });
  const { headers = {}, body = "" }: { headers?: Record<string, unknown>; body?: string } = receiver.received[0] ?? {};
  const signed = `1700000000.${body}`;
  assert.deepEqual(
    [headers["x-stromboli-timestamp"], headers["x-stromboli-signature"]],
    ["1700000000", `sha256=${createHmac("sha256", "s3cret").update(signed).digest("hex")}`],
  );
});

test("a redirect is an answer and is not followed", async (t) => {
  const aim = await startReceiver(t);
  const redirect: Answer = (_, response) => void response.writeHead(307, { location: aim.url }).end();
  assert.deepEqual(await sendTo(t, redirect), { kind: "answered", status: 307 });
  assert.deepEqual(aim.received, []);
});

test("a receiver that does not answer in time is given up on", async (t) => {
  assert.deepEqual(await sendTo(t, never, { config: { timeout: "50ms" } }), {
    kind: "unanswered",
    error: "no answer within 50ms",
  });
});

test("a receiver that cuts the connection has not answered", async (t) => {
  const { kind } = await sendTo(t, (request) => void request.socket.destroy());
  assert.equal(kind, "unanswered");
});

test("a receiver that wants to speak another protocol has not answered", async (t) => {
  const reply = await sendTo(t, (_, response) =>
    response.writeHead(101, { connection: "upgrade", upgrade: "x" }).end(),
  );
  assert.deepEqual(reply, { kind: "unanswered", error: "the connection was closed without an answer" });
});

test("a receiver that speaks no HTTP has not answered", async (t) => {
  const server = createServer((socket) => void socket.end("hello\n")).listen(0, "127.0.0.1");
  t.after(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  assert.equal((await send(`http://127.0.0.1:${port}/`)).kind, "unanswered");
});

test("of an answer without end only the beginning is read", async (t) => {
  const reply = await sendTo(t, (_, response) => void Readable.from(endless()).pipe(response), {
    config: { timeout: "1d" },
  });
  assert.deepEqual(reply, { kind: "answered", status: 200 });
});

test("an answer whose body stalls counts as the answer that it began as", async (t) => {
  const reply = await sendTo(t, (_, response) => response.write("and then"), { config: { timeout: "1s" } });
  assert.deepEqual(reply, { kind: "answered", status: 200 });
});

test("a large body arrives whole", async (t) => {
  const receiver = await startReceiver(t);
  const body = JSON.stringify({ output: "ü".repeat(4_000_000) });
  await send(receiver.url, { body });
  assert.ok(receiver.received[0]?.body === body);
});

test("an attempt that is cut off says so", async (t) => {
  const stop = new AbortController();
  const reply = await sendTo(t, () => stop.abort(), { stop: stop.signal });
  assert.deepEqual(reply, { kind: "interrupted" });
});

test("a name that leads to a private address is hopeless, and nothing is connected to", async (t) => {
  const receiver = await startReceiver(t);
  const url = `http://hooks.example:${receiver.port}/?token=hush`;
  assert.deepEqual(await send(url, { config: { allow_private: false }, lookup: loopback }), {
    kind: "hopeless",
    error:
      "hooks.example leads to 127.0.0.1, which is not a public address; set webhooks.allow_private: true to allow it",
  });
  assert.deepEqual(receiver.received, []);
});

test("a name is looked up once: the address that was judged is the one that is connected to", async (t) => {
  const receiver = await startReceiver(t);
  let asked = 0;
  const counting: LookupFunction = (name, options, callback) => {
    asked += 1;
    loopback(name, options, callback);
  };
  const reply = await send(`http://hooks.example:${receiver.port}/`, { lookup: counting });
  assert.deepEqual([reply.kind, asked, receiver.received.length], ["answered", 1, 1]);
});

test("the machine's own name for itself is hopeless", async () => {
  const reply = await send("http://localhost:1/", { config: { allow_private: false } });
  assert.equal(reply.kind, "hopeless");
});

test("a literal private address is hopeless without a connection", async (t) => {
  const receiver = await startReceiver(t);
  assert.equal((await send(receiver.url, { config: { allow_private: false } })).kind, "hopeless");
  assert.deepEqual(receiver.received, []);
});

test("a host that is not there says so", async (t) => {
  const receiver = await startReceiver(t);
  await receiver.close();
  const reply = await send(receiver.url);
  assert.deepEqual(reply, { kind: "unanswered", error: `connect ECONNREFUSED 127.0.0.1:${receiver.port}` });
});

test("a name with several addresses tells of each of them", async (t) => {
  const receiver = await startReceiver(t);
  await receiver.close();
  const found = ["127.0.0.1", "127.0.0.2"].map((address) => ({ address, family: 4 }));
  const reply = await send(`http://hooks.example:${receiver.port}/`, {
    lookup: (_, __, callback) => callback(null, found),
  });
  assert.match(reply.kind === "unanswered" ? reply.error : "", /127\.0\.0\.1:\d+; .*127\.0\.0\.2:\d+/);
});

test("the proxy that the daemon's environment names is not used", async (t) => {
  const [proxy, receiver] = [await startReceiver(t, statuses(502)), await startReceiver(t)];
  const script = `
    import { createSender } from ${JSON.stringify(new URL("../../lib/webhooks/send.ts", import.meta.url).href)};
    const send = createSender({ config: { secret: "", timeout: "10s", allow_private: true }, now: Date.now });
    console.log(JSON.stringify(await send({ id: "d", url: process.argv[1], body: "{}" }, new AbortController().signal)));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module", "--eval", script, receiver.url],
    { env: { ...process.env, NODE_USE_ENV_PROXY: "1", HTTP_PROXY: `http://127.0.0.1:${proxy.port}`, NO_PROXY: "" } },
  );
  assert.deepEqual([JSON.parse(stdout), proxy.received], [{ kind: "answered", status: 200 }, []]);
});
