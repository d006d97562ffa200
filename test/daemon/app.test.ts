import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { StromboliError } from "../../lib/errors.ts";
import { version } from "../../lib/version.ts";
import { RunResponse } from "../../lib/schema/job.ts";
import { openApp } from "./harness.ts";

test("a run is answered with its report", async (t) => {
  const { run, submitted, views } = openApp(t);
  const { status, body } = await run({ prompt: "hi", labels: { a: "b" } });
  const report = RunResponse.parse(body);
  assert.deepEqual([status, report.output, report.labels], [200, "done", { a: "b" }]);
  assert.deepEqual(await views.run(report.id), report);
  assert.deepEqual(
    submitted.map(({ request, mode, key }) => [request, mode, key]),
    [[{ prompt: "hi", labels: { a: "b" } }, "run", undefined]],
  );
});

for (const type of ["application/x-www-form-urlencoded", "text/plain", "application/xml", ""]) {
  test(`a body is JSON whatever its content type says: ${JSON.stringify(type)}`, async (t) => {
    assert.equal((await openApp(t).run({ prompt: "hi" }, { "content-type": type })).status, 200);
  });
}

test("a request id of the caller's comes back", async (t) => {
  const { headers } = await openApp(t).call("/healthz", { headers: { "x-request-id": "Trace.1_a-B" } });
  assert.equal(headers.get("x-request-id"), "Trace.1_a-B");
});

for (const id of ["", "a b", "<script>", "a".repeat(129), "é"]) {
  test(`a request id that is none is replaced: ${JSON.stringify(id.slice(0, 10))}`, async (t) => {
    const { headers } = await openApp(t).call("/healthz", { headers: { "x-request-id": id } });
    assert.match(headers.get("x-request-id") ?? "", /^[0-9a-f-]{36}$/);
  });
}

test("an error tells its request id in header and body", async (t) => {
  const { headers, body } = await openApp(t).json("/nowhere", { headers: { "x-request-id": "r-1" } });
  assert.deepEqual([headers.get("x-request-id"), body["request_id"]], ["r-1", "r-1"]);
});

test("an unknown path is a JSON 404", async (t) => {
  const { status, headers, body } = await openApp(t).json("/nowhere", { headers: { "x-request-id": "r-1" } });
  assert.deepEqual(
    [status, headers.get("content-type"), body],
    [
      404,
      "application/json",
      { error: "there is no GET /nowhere; see GET /openapi.json", code: "not_found", request_id: "r-1" },
    ],
  );
});

for (const path of ["/run", "/run/async", "/jobs", "/jobs/job-1"]) {
  test(`errors below ${path} have the fields of its answers`, async (t) => {
    const { body } = await openApp(t).json(path, { method: "PUT" });
    assert.deepEqual([body["id"], body["status"]], ["", "error"]);
  });
}

for (const path of ["/runs", "/health/x", "/jobsx"]) {
  test(`errors below ${path} have no fields of runs`, async (t) => {
    const { body } = await openApp(t).json(path);
    assert.deepEqual(["id" in body, "status" in body], [false, false]);
  });
}

const failing = (error: Error) => ({
  submit: async () => {
    throw error;
  },
});

test("a refusal has its code's status, its sentence and what to do", async (t) => {
  const refusal = new StromboliError("session_in_use", "another run is using session s");
  const { status, body } = await openApp(t, failing(refusal)).run({ prompt: "hi" }, { "x-request-id": "r" });
  assert.deepEqual(
    [status, body],
    [
      409,
      {
        id: "",
        status: "error",
        error: "another run is using session s; try again when that run has ended",
        code: "session_in_use",
        request_id: "r",
      },
    ],
  );
});

test("a bug is a 500 that says nothing, and a line in the log that says all", async (t) => {
  const { run, lines } = openApp(t, failing(new TypeError("undefined is not a secret")));
  const { status, body } = await run({ prompt: "hi" });
  assert.deepEqual([status, body["code"], JSON.stringify(body).includes("secret")], [500, "internal", false]);
  assert.ok(lines.some((line) => line.includes("undefined is not a secret") && line.includes("app.test.ts")));
});

test("a request is one line in the log, without its body", async (t) => {
  const { run, lines } = openApp(t);
  await run({ prompt: "do not log me" }, { "x-request-id": "r-1" });
  const requests = lines.filter((line) => line.includes('"msg":"request"'));
  const { time: _, ms: __, ...line } = JSON.parse(requests[0] ?? "{}") as Record<string, unknown>;
  assert.ok(!lines.join("").includes("do not log me"));
  assert.deepEqual([requests.length, line], [
    1,
    { level: "info", request: "r-1", method: "POST", path: "/run", status: 200, msg: "request" },
  ]); // prettier-ignore
});

test("a query is not in the log: it may hold a prompt", async (t) => {
  const { call, lines } = openApp(t);
  await call("/healthz?prompt=secret");
  assert.ok(!lines.join("").includes("secret"));
});

const healthOf = (t: TestContext, path: string, status: "ok" | "error") =>
  openApp(t, { components: [{ name: "podman", status: "ok" }, { name: "claude", status }] }).json(path); // prettier-ignore

test("health is 200 also when something is wrong, and says what", async (t) => {
  const { status, body } = await healthOf(t, "/health", "error");
  assert.deepEqual(
    [status, body],
    [
      200,
      {
        status: "degraded",
        name: "stromboli",
        version,
        components: [
          { name: "podman", status: "ok" },
          { name: "claude", status: "error" },
        ],
        warnings: [{ name: "disk", message: "full", remedy: "make room" }],
      },
    ],
  );
});

test("health is ok when every component is, whatever warnings there are", async (t) => {
  const { status, warnings } = (await healthOf(t, "/health", "ok")).body;
  assert.deepEqual([status, (warnings as unknown[]).length], ["ok", 1]);
});

test("where a token is needed health tells strangers of no warnings: they name paths and users", async (t) => {
  const { body } = await openApp(t, { auth: { required: "always" } }).json("/health");
  assert.deepEqual([body["status"], body["warnings"]], ["ok", undefined]);
});

test("readiness is 503 when something is wrong, liveness is not", async (t) => {
  const statuses = await Promise.all(["/readyz", "/healthz"].map((path) => healthOf(t, path, "error")));
  assert.deepEqual(
    [...statuses, await healthOf(t, "/readyz", "ok")].map(({ status }) => status),
    [503, 200, 200],
  );
});

test("the version is one that the clients in the field accept", () => {
  assert.match(version, /^0\.4\.\d+$/);
});

for (const [kind, configured] of [
  ["api_key", true],
  ["oauth", true],
  ["none", false],
] as const) {
  test(`the status of Claude with credentials ${kind} is configured: ${configured}, and shows no secret`, async (t) => {
    const credential = () => (kind === "none" ? undefined : { kind, value: "SECRET" });
    const { body } = await openApp(t, { credential }).json("/claude/status");
    assert.deepEqual(
      [body["credentials"], body["configured"], JSON.stringify(body).includes("SECRET")],
      [kind, configured, false],
    );
  });
}

const unreadable = () => {
  throw new StromboliError("no_credentials", "credentials.json holds no readable credential");
};

test("credentials that cannot be read are not configured", async (t) => {
  const { status, body } = await openApp(t, { credential: unreadable }).json("/claude/status");
  assert.deepEqual([status, body["configured"]], [200, false]);
});
