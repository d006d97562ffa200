import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import { errorCodes } from "../../lib/errors.ts";
import { ClaudeOptions } from "../../lib/schema/claude.ts";
import { PodmanOptions, RunRequest } from "../../lib/schema/run.ts";
import { openApp } from "./harness.ts";

const Operation = z.looseObject({
  operationId: z.string().regex(/^[a-z][A-Za-z]+$/),
  tags: z.array(z.string()).length(1),
  summary: z.string().min(1),
  responses: z.record(z.string(), z.looseObject({ description: z.string() })),
});
const Schema = z.looseObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});
const Document = z.object({
  openapi: z.string(),
  info: z.object({ title: z.string(), version: z.string() }),
  servers: z.array(z.object({ url: z.string() })),
  tags: z.array(z.object({ name: z.string(), description: z.string().min(1) })),
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.object({ schemas: z.record(z.string(), Schema) }).loose(),
});

const fetchDocument = async (t: TestContext) => {
  const { app, json } = openApp(t);
  const { status, body } = await json("/openapi.json");
  return { app, status, body, document: Document.parse(body) };
};

/** Every value under a name, anywhere. */
const all = (value: unknown, name: string): unknown[] => {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => (key === name ? [inner] : all(inner, name)));
};

const at = (value: unknown, pointer: string): unknown =>
  pointer
    .split("/")
    .slice(1)
    .map((name) => name.replaceAll("~1", "/"))
    .reduce<unknown>((inner, name) => Object(inner)[name], value);

test("the document is OpenAPI 3.1 with our version", async (t) => {
  const { status, document } = await fetchDocument(t);
  assert.deepEqual([status, document.openapi, document.info.title], [200, "3.1.0", "Stromboli"]);
});

test("every route is in the document", async (t) => {
  const { app, document } = await fetchDocument(t);
  const described = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const served = app.routes
    .filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
  assert.deepEqual([...new Set(served)].toSorted(), described.toSorted());
});

test("the routes that there are to be are there", async (t) => {
  const { document } = await fetchDocument(t);
  const wanted = [
    "GET /health", "GET /healthz", "GET /readyz", "GET /claude/status",
    "POST /run", "POST /run/async", "GET /run/stream", "POST /run/stream",
    "GET /jobs", "GET /jobs/{id}", "DELETE /jobs/{id}", "GET /jobs/{id}/events", "GET /jobs/{id}/logs",
    "GET /webhooks/deliveries", "POST /webhooks/deliveries/{id}/redeliver", "POST /prune", "POST /auth/token", "POST /auth/refresh", "GET /auth/validate", "POST /auth/logout",
    "GET /secrets", "POST /secrets", "GET /secrets/{name}", "DELETE /secrets/{name}", "GET /audit", "GET /audit/verify", "POST /tokens", "GET /tokens", "DELETE /tokens/{name}",
    "GET /sessions", "DELETE /sessions/{id}", "GET /sessions/{id}/messages", "GET /sessions/{id}/messages/{message_id}",
  ]; // prettier-ignore
  const missing = wanted.filter((route) => {
    const [method = "", path = ""] = route.split(" ");
    return !document.paths[path]?.[method.toLowerCase()];
  });
  assert.deepEqual(missing, []);
});

test("every operation has a name of its own, and is of a kind that the document explains", async (t) => {
  const { document } = await fetchDocument(t);
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  const names = operations.map(({ operationId }) => operationId);
  assert.deepEqual([...new Set(names)], names);
  const used = new Set(operations.flatMap(({ tags }) => tags));
  assert.deepEqual([...used].toSorted(), document.tags.map(({ name }) => name).toSorted());
});

test("paths are below the address that the document is fetched from", async (t) => {
  const { document } = await fetchDocument(t);
  assert.deepEqual(document.servers, [{ url: "/" }]);
});

test("the document tells of tokens", async (t) => {
  const { body } = await fetchDocument(t);
  assert.deepEqual(at(body, "#/components/securitySchemes/token"), { type: "http", scheme: "bearer" });
  assert.deepEqual(body["security"], [{ token: [] }, {}]);
});

test("every reference leads somewhere", async (t) => {
  const { body } = await fetchDocument(t);
  const references = all(body, "$ref").map(String);
  assert.ok(references.length > 5);
  assert.deepEqual(
    references.filter((reference) => !reference.startsWith("#/") || at(body, reference) === undefined),
    [],
  );
});

for (const [name, schema] of [
  ["RunRequest", RunRequest],
  ["ClaudeOptions", ClaudeOptions],
  ["PodmanOptions", PodmanOptions],
] as const) {
  test(`every field of ${name} is in the document`, async (t) => {
    const { document } = await fetchDocument(t);
    assert.deepEqual(Object.keys(document.components.schemas[name]?.properties ?? {}), Object.keys(schema.shape));
  });
}

test("only the prompt is required", async (t) => {
  const { document } = await fetchDocument(t);
  assert.deepEqual(document.components.schemas["RunRequest"]?.required, ["prompt"]);
});

test("every error code is in the document", async (t) => {
  const { body } = await fetchDocument(t);
  assert.deepEqual(at(body, "#/components/schemas/Failure/properties/code/enum"), errorCodes);
});

test("every error that a run can end in has its status in the document", async (t) => {
  const { document } = await fetchDocument(t);
  const statuses = Object.keys(document.paths["/run"]?.["post"]?.responses ?? {});
  assert.deepEqual(statuses, ["200", "400", "401", "403", "404", "409", "413", "429", "500", "502", "503"]);
});

for (const [path, method, statuses] of [
  ["/run/async", "post", ["202", "400", "409", "503"]],
  ["/jobs/{id}", "delete", ["200", "404", "409"]],
  ["/jobs/{id}/logs", "get", ["200", "206", "404", "416"]],
  ["/jobs/{id}/events", "get", ["200", "204", "400", "404"]],
] as const) {
  test(`the statuses of ${method} ${path} are in the document`, async (t) => {
    const { document } = await fetchDocument(t);
    const described = Object.keys(document.paths[path]?.[method]?.responses ?? {});
    assert.deepEqual(
      statuses.filter((status) => !described.includes(status)),
      [],
    );
  });
}

test("what a list of jobs can be asked for is in the document", async (t) => {
  const { body } = await fetchDocument(t);
  const parameters = at(body, "#/paths/~1jobs/get/parameters");
  const names = all(parameters, "name");
  assert.deepEqual(names, ["status", "session_id", "label", "id", "limit", "cursor"]);
});

test("the dry run and the headers for idempotency and traces are in the document", async (t) => {
  const { body } = await fetchDocument(t);
  const names = all(at(body, "#/paths/~1run~1async/post/parameters"), "name");
  assert.deepEqual(names, ["dry_run", "idempotency-key", "traceparent", "tracestate"]);
});
