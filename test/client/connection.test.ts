import assert from "node:assert/strict";
import { chmodSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Stromboli as InBrowser } from "../../lib/client/browser.ts";
import { Stromboli } from "../../lib/client/stromboli.ts";
import { listen, listenTcp, quick } from "../bin/harness.ts";

for (const url of [
  "localhost:8080",
  "ftp://box",
  "http://box/path",
  "http://box?x",
  "http://a b",
  "unix:",
  "nonsense",
]) {
  test(`${url} is no address of a daemon, and the error says what is one`, () => {
    assert.throws(() => new Stromboli({ url }), /http\(s\):\/\/host:port or unix:\/\/\/path/);
  });
}

test("a daemon behind a unix socket is reached", async (t) => {
  const { socketPath } = await listen(t, (request, response) => void response.end(JSON.stringify({ at: request.url })));
  assert.deepEqual(await new Stromboli({ url: `unix://${socketPath}` }).health(), { at: "/health" });
});

test("nothing is sent to a socket in a folder that others can write to", async (t) => {
  const { folder, socketPath } = await listen(t, (_, response) => void response.end("{}"));
  chmodSync(folder, 0o777);
  await assert.rejects(new Stromboli({ url: `unix://${socketPath}` }).health(), { code: "unsafe_socket" });
});

test("a daemon that is not there is waited for, and then said to be unreachable", async (t) => {
  const { folder } = await listen(t, (_, response) => void response.end("{}"));
  const stromboli = new Stromboli({ url: `unix://${join(folder, "none.sock")}` });
  await assert.rejects(stromboli.run({ prompt: "hi" }, { ...quick, giveUpAfterMs: 5 }), { code: "unreachable" });
});

test("over TCP, too, it is said where nobody answers, and why", async (t) => {
  const { stop, url } = await listenTcp(t, (_, response) => void response.end("{}"));
  stop();
  const port = url.split(":").at(-1);
  const message = `no daemon answers at ${url}: connect ECONNREFUSED 127.0.0.1:${port}`;
  await assert.rejects(new Stromboli({ url }).health(), { code: "unreachable", message });
});

for (const [over, serve] of [
  ["TCP", async (t: TestContext, listener: RequestListener) => (await listenTcp(t, listener)).url],
  [
    "a unix socket",
    async (t: TestContext, listener: RequestListener) => `unix://${(await listen(t, listener)).socketPath}`,
  ],
] as const) {
  for (const [what, listener] of [
    ["before there is an answer", () => {}],
    ["within an answer", (_, response) => void response.write("{")],
    ["within a stream of events", (_, response) => void response.write("id: 1\nevent: status\ndata: {}\n\n")],
  ] as const satisfies [string, RequestListener][]) {
    test(`an abort over ${over} ${what} is what the call ends with`, async (t) => {
      const leaving = new AbortController();
      const url = await serve(t, (request, response) => {
        listener(request, response);
        setImmediate(() => leaving.abort());
      });
      const { jobs } = new Stromboli({ url });
      const { signal } = leaving;
      const call = what.endsWith("events") ? jobs.wait("job-1", { ...quick, signal }) : jobs.get("job-1", signal);
      await assert.rejects(call, (error) => error === signal.reason && signal.reason.name === "AbortError");
    });
  }
}

test("in a browser there is no socket, and the constructor says what is to be given", () => {
  for (const connection of [{}, { url: "unix:///run/api.sock" }])
    assert.throws(() => new InBrowser(connection), { code: "no_socket", message: /give the daemon's url/ });
});

test("a fetch of one's own takes the place of the global one", async () => {
  const asked: string[] = [];
  const fetch = async (url: string) => {
    asked.push(url);
    return Response.json({ secrets: [] });
  };
  assert.deepEqual(await new Stromboli({ url: "https://box/", fetch }).secrets.list(), []);
  assert.deepEqual(asked, ["https://box/secrets"]);
});
