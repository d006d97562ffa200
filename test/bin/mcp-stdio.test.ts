import assert from "node:assert/strict";
import { test } from "node:test";
import { openApp } from "../daemon/harness.ts";
import { until } from "../e2e/wait.ts";
import { startTools } from "./mcp.ts";

test("stromboli mcp ends with its input: what was waited for is cancelled, what was detached goes on", async (t) => {
  const { listen, jobs } = openApp(t, { ends: false, output: "" });
  const { client, call } = await startTools(t, await listen());
  const detached = String((await call("run", { prompt: "one", detach: true })).known["job_id"]);
  const waiting = call("run", { prompt: "two" });
  const { id } = await until("the second job", () =>
    jobs.open().find((job) => job.id !== detached && job.state === "running"),
  );
  await Promise.all([assert.rejects(waiting), client.close()]);
  await until("the end", () => jobs.find(id)?.state === "ended");
  assert.equal(jobs.find(id)?.ending?.outcome, "cancelled");
  assert.equal(jobs.find(detached)?.state, "running");
});
