import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { serve } from "../../daemon/serve.ts";
import { noCredentials } from "../../lib/credentials.ts";
import { until } from "../e2e/wait.ts";
import { openApp } from "./harness.ts";
import { harness, openPage, skip } from "./page.ts";
import { openSessions, said } from "./sessions.ts";

const line = (fields: object): string => `${JSON.stringify(fields)}\n`;
const saying = (text: string): string => line({ type: "assistant", message: { content: [{ type: "text", text }] } });
const prompt = `Say something ${"long ".repeat(30)}to the end of it`;
const request = {
  startedAt: 1,
  path: "/v1/messages",
  model: "opus",
  status: 200,
  inputTokens: 4320,
  outputTokens: 1,
  cacheCreationInputTokens: 0,
  cacheReadInputTokens: 0,
  firstByteMs: 1,
  durationMs: 2,
};
const result = line({ type: "result", subtype: "success", is_error: false, num_turns: 1, result: "done" });

test("a run is started by keyboard alone, streams to its end, and is gone on with", { skip }, async (t) => {
  const { page, jobs, fake, write, tell, deps, errors } = await harness(t);
  await page.getByText("Nothing has run yet").waitFor();
  await page.keyboard.press("Tab"); // from the heading, which has the focus, on
  await page.getByRole("link", { name: "New run" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "New run" }).waitFor();
  await page.keyboard.type(prompt);
  await page.keyboard.press("Control+Enter");
  await page.getByRole("heading", { name: "Say something" }).waitFor();
  const { id, title, sessionId } = await until("the job", () => jobs.open().find(({ state }) => state === "running"));
  assert.equal(title, prompt.slice(0, 80));
  const log = page.getByRole("log");
  await log.getByText("You").waitFor();
  const earlier = { timestamp: "2020-01-01T00:00:00.000Z" };
  const before = [said("m1", `${title} before`, earlier), said("m2", "more", earlier), said("m3", "note")];
  tell(sessionId, [...before, said("m4", prompt), ""].join("\n"));
  write(id, saying("first"));
  await log.getByText("first").waitFor();
  await log.getByText(prompt).waitFor();
  deps.requests.insert({ ...request, jobId: id });
  await page.getByText(/^Tokens\s*4,321$/).waitFor();
  const time = page.getByRole("list", { name: "Phases" }).getByText(/^running \d+/);
  const shown = await time.textContent();
  await until("the next second", async () => (await time.textContent()) !== shown);
  assert.match((await log.innerText()).replaceAll(/\s+/g, " "), /^You Say something.* of it first$/);
  const use = { type: "tool_use", id: "t1", name: "Bash", input: { command: "ls -l" } };
  write(id, line({ type: "assistant", message: { content: [use] } }));
  write(
    id,
    line({ type: "user", message: { content: [{ type: "tool_result", tool_use_id: "t1", content: "a file" }] } }),
  );
  await log.getByText("Bash ls -l").waitFor();
  assert.equal(await log.getByText("a file").isVisible(), false);
  await log.locator("summary", { hasText: "Bash ls -l" }).focus();
  await page.keyboard.press("Enter");
  await log.getByText("a file").waitFor();
  write(id, result);
  fake.exit(id, 0);
  await page.getByText("✔ succeeded").waitFor();
  const ended = page.getByRole("status").filter({ hasText: /^The job has ended: succeeded$/ });
  await ended.waitFor();
  await page.reload();
  await log.getByText("first").waitFor();
  await ended.waitFor();
  await page.getByRole("link", { name: "Continue" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Continue the conversation" }).waitFor();
  assert.deepEqual(errors, []);
});

test("what an agent says is text, whatever it says", { skip }, async (t) => {
  const { page, jobs, url, write, run, errors } = await harness(t);
  const hostile = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
  void run({ prompt: hostile });
  const { id } = await until("the job", () => jobs.open().find(({ state }) => state === "running"));
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${url}#/jobs/${id}`);
  for (const odd of [
    null,
    7,
    { type: "assistant" },
    { type: "user", message: { content: [null, { type: "text", text: 1 }] } },
  ])
    write(id, `${JSON.stringify(odd)}\n`);
  write(
    id,
    line({
      type: "assistant",
      message: { content: [{ type: "tool_use", id: "t", name: hostile, input: { a: hostile } }] },
    }),
  );
  write(
    id,
    line({
      type: "user",
      message: { content: [{ type: "tool_result", tool_use_id: "t", content: hostile, is_error: true }] },
    }),
  );
  write(id, saying(hostile));
  await page.getByRole("log").locator("p:not(.mine)").filter({ hasText: hostile }).waitFor();
  assert.equal(await page.getByRole("heading", { level: 1 }).textContent(), hostile);
  const { x = 390, width = 390 } = (await page.getByText("— failed", { exact: true }).boundingBox()) ?? {};
  assert.ok(x + width <= 390, "what failed says so on a phone, too");
  assert.deepEqual([await page.locator("main img, main script").count(), errors], [0, []]);
});

test("a running job is cancelled by its button", { skip }, async (t) => {
  const { page, jobs, url, run } = await harness(t);
  void run({ prompt: "hi" });
  const { id } = await until("the job", () => jobs.open().find(({ state }) => state === "running"));
  await page.goto(`${url}#/jobs/${id}`);
  await page.getByRole("button", { name: "Cancel" }).press("Enter");
  await page.getByText("✖ cancelled").waitFor();
});

test("a stream that breaks off goes on where it was", { skip }, async (t) => {
  const { app, jobs, write, run } = openApp(t, { ends: false, output: "" });
  const server = serve(app, "tcp");
  t.after(() => server.close());
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  void run({ prompt: "hi" });
  const { id } = await until("the job", () => jobs.open().find(({ state }) => state === "running"));
  const { page } = await openPage(t, `http://127.0.0.1:${port}#/jobs/${id}`);
  write(id, saying("before"));
  await page.getByText("before").waitFor();
  server.closeAllConnections();
  write(id, saying("behind"));
  await page.getByText("behind").waitFor();
  assert.equal(await page.getByText("before").count(), 1);
});

test("where a token is needed the page asks for one, and keeps it in the tab", { skip }, async (t) => {
  const { page, apiTokens, url } = await harness(t, { auth: { required: "always" } });
  const { token } = apiTokens.create({ name: "page", scopes: ["read", "run"] });
  const dialog = page.getByRole("dialog", { name: "A token is needed" });
  await dialog.waitFor();
  await page.keyboard.type("wrong");
  await page.keyboard.press("Enter");
  await page.getByText("That token is not good here").waitFor();
  await page.keyboard.type(token);
  await page.keyboard.press("Enter");
  await page.getByText("Nothing has run yet").waitFor();
  assert.equal(page.url(), `${url}/`);
  await page.reload();
  await page.getByText("Nothing has run yet").waitFor();
  await page.getByRole("button", { name: "Forget token" }).press("Enter");
  await dialog.waitFor();
});

test("a refused run keeps what was typed and says why", { skip }, async (t) => {
  const { page } = await harness(t);
  await page.getByRole("link", { name: "New run" }).click();
  await page.getByLabel("What should the agent do?").fill("hi");
  await page.getByLabel("Folders to mount").fill("/etc:/mnt");
  await page.getByRole("button", { name: "Start" }).press("Enter");
  await page.getByRole("alert").filter({ hasText: "/etc" }).waitFor();
  assert.equal(await page.getByLabel("What should the agent do?").inputValue(), "hi");
});

test("a run without credentials is told of the box for the demo, not of an option", { skip }, async (t) => {
  const { page } = await harness(t, { submit: () => Promise.reject(noCredentials()) });
  await page.getByRole("link", { name: "New run" }).click();
  await page.getByLabel("What should the agent do?").fill("hi");
  await page.getByRole("button", { name: "Start" }).press("Enter");
  const alert = page.getByRole("alert").filter({ hasText: "credentials" });
  assert.match((await alert.textContent()) ?? "", /, or tick Demo above, which is free$/);
});

test("a session shows its conversation, a page at a time", { skip }, async (t) => {
  const app = openSessions(t);
  const id = await app.begin();
  app.tell(id, Array.from({ length: 60 }, (_, index) => `${said(`m${index}`, `message ${index}.`)}\n`).join(""));
  const { page } = await openPage(t, `${await app.listen()}#/sessions`);
  await page.getByRole("main").getByRole("link", { name: "hi" }).press("Enter");
  await page.getByText("message 49.").waitFor();
  await page.getByRole("button", { name: "Show more" }).press("Enter");
  await page.getByText("message 59.").waitFor();
});
