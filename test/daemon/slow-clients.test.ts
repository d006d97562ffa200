import assert from "node:assert/strict";
import { connect } from "node:net";
import { test, type TestContext } from "node:test";
import { setInterval as every } from "node:timers/promises";
import { requestLimits } from "../../daemon/serve.ts";
import { openApp } from "./harness.ts";

const mebibyte = 1_048_576;
const short = { ...requestLimits, headersTimeout: 100, requestTimeout: 300, connectionsCheckingInterval: 20 };

/** A client that sends what it likes, and all that it is answered until the daemon hangs up. */
const open = (url: string, sent: string | Buffer) => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  let told = "";
  socket.on("data", (chunk: Buffer) => (told += chunk.toString()));
  socket.on("error", () => {}); // a reset, when more was sent than the daemon reads
  socket.write(sent);
  return { socket, answer: new Promise<string>((done) => socket.once("close", () => done(told))) };
};

/** 408; a reset that follows on what was sent since may overtake it. */
const sentAway = /^(HTTP\/1\.1 408 |$)/;

const post = (headers: string) => `POST /run HTTP/1.1\r\nHost: localhost\r\n${headers}\r\n`;

/** Sends a byte again and again for as long as the connection is there. */
const dribble = async (socket: ReturnType<typeof connect>, byte: string): Promise<void> => {
  for await (const _ of every(10)) {
    if (socket.destroyed || !socket.writable) return;
    socket.write(byte);
  }
};

const slow = (t: TestContext) => {
  const place = openApp(t);
  return { ...place, url: place.listen(short) };
};

test("who connects and says nothing is sent away", async (t) => {
  assert.match(await open(await slow(t).url, "").answer, /^HTTP\/1\.1 408 /);
});

test("headers that never end are not waited for", async (t) => {
  const { socket, answer } = open(await slow(t).url, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
  void dribble(socket, "a");
  assert.match(await answer, sentAway);
});

test("a body that dribbles is not waited for, starts nothing, and is no bug in the log", async (t) => {
  const { url, submitted, lines } = slow(t);
  const { socket, answer } = open(await url, post("Content-Length: 100000\r\n"));
  void dribble(socket, " ");
  assert.match(await answer, sentAway);
  assert.deepEqual([submitted, lines.filter((line) => line.includes('"level":"error"'))], [[], []]);
});

test("a body in chunks that dribbles is not waited for", async (t) => {
  const { socket, answer } = open(await slow(t).url, post("Transfer-Encoding: chunked\r\n"));
  void dribble(socket, "1\r\n \r\n");
  assert.match(await answer, sentAway);
});

test("others are answered while a hundred are slow", async (t) => {
  const url = await openApp(t).listen({ ...short, headersTimeout: 3000, requestTimeout: 3000 });
  const waiting = Array.from({ length: 100 }, () => open(url, post("Content-Length: 5\r\n")));
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.equal(waiting.filter(({ socket }) => socket.destroyed).length, 0);
  for (const { answer } of waiting) assert.match(await answer, /^HTTP\/1\.1 408 /);
});

test("an answer may take longer than its request might", async (t) => {
  const { listen } = openApp(t, { ended: () => new Promise((done) => setTimeout(done, 2 * short.requestTimeout)) });
  const answer = await fetch(`${await listen(short)}/run`, { method: "POST", body: '{"prompt":"hi"}' });
  assert.notEqual(answer.status, 408);
});

test("headers above 16 KiB are 431", async (t) => {
  const { answer } = open(await openApp(t).listen(), post(`X-Large: ${"a".repeat(17_000)}\r\n`));
  assert.match(await answer, /^HTTP\/1\.1 431 /);
});

test("a hundred megabytes of headers are 431, and the daemon lives", async (t) => {
  const url = await openApp(t).listen();
  const { socket, answer } = open(url, post(""));
  const line = Buffer.from(`X-Large: ${"a".repeat(mebibyte)}\r\n`);
  const other = open(url, Buffer.concat([Buffer.from("GET / HTTP/1.1\r\n"), ...Array<Buffer>(100).fill(line)]));
  await other.answer;
  socket.destroy();
  await answer;
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
});

test("a body that is announced above the limit is 413 before it is sent", async (t) => {
  const { answer, socket } = open(await openApp(t).listen(), post(`Content-Length: ${11 * mebibyte}\r\n`));
  const told = new Promise<string>((tell) => socket.once("data", (chunk) => tell(chunk.toString())));
  assert.match(await told, /^HTTP\/1\.1 413 /);
  socket.destroy();
  await answer;
});
