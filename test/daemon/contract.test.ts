import assert from "node:assert/strict";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";
import { agreed, checkAnswer, validatorAt } from "../contract.ts";
import { openApp } from "./harness.ts";

/** Not by the harness' calls, which hold all answers against the very file that is renewed here. */
const fetchDocument = async (t: TestContext) => {
  const listener = { via: "unix", peer: "" } as const;
  const headers = { host: "localhost" };
  const answer = await openApp(t).app.request("http://localhost/openapi.json", { headers }, listener);
  return (await answer.json()) as Record<string, unknown>; // the document is an object
};

const answer = (body: unknown, status = 200) => Response.json(body, { status });
const health = { status: "ok", name: "stromboli", version: "0.4.0", components: [] };
const asked = { method: "GET", path: "/health" };

test("the contract is as it was agreed on; npm run contract renews it, for all to see what changes", async (t) => {
  t.assert.fileSnapshot(await fetchDocument(t), join(import.meta.dirname, "../fixtures/openapi.json"));
});

test("the document is valid OpenAPI 3.1", async (t) => {
  const { valid, errors } = await new Validator().validate(await fetchDocument(t));
  assert.deepEqual([valid, errors], [true, undefined]);
});

test("an answer is as the document says", async () => {
  await checkAnswer(asked, answer(health));
  await checkAnswer(
    { method: "GET", path: "/jobs/x?y" },
    answer({ error: "e", code: "internal", request_id: "r" }, 500),
  );
});

for (const [title, body, status, message] of [
  ["a field that is missing", { ...health, version: undefined }, 200, /version/],
  ["a field of another type", { ...health, version: 4 }, 200, /\/version must be string/],
  ["a field too many", { ...health, extra: 1 }, 200, /extra/],
  ["a field too many further in", { ...health, components: [{ name: "a", status: "ok", x: 1 }] }, 200, /components\/0/],
  ["a status that is not there", health, 201, /\/health → 201 .*status/],
] as const) {
  test(`${title} is not as the document says`, async () => {
    await assert.rejects(checkAnswer(asked, answer(body, status)), message);
  });
}

test("an answer of another type is not as the document says", async () => {
  await assert.rejects(checkAnswer(asked, new Response("hi")), /does not have this type/);
});

test("a path that there is not is answered with an error", async () => {
  await assert.rejects(checkAnswer({ method: "GET", path: "/nowhere" }, answer({})), /must have required property/);
});

type Body = { content?: Record<string, { schema?: object; example?: unknown }> } | undefined;

/** Where bodies of requests and of good answers are described. */
const bodies = Object.entries(agreed.paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, operation]) => {
    const at = `#/paths/${path.replaceAll("/", "~1")}/${method}`;
    const good = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
    const requestBody =
      "requestBody" in operation ? [[`${at}/requestBody`, operation.requestBody as Body] as const] : [];
    return [...requestBody, ...good.map(([status, body]) => [`${at}/responses/${status}`, body as Body] as const)];
  }),
);

test("all bodies of JSON have an example that is as its schema says", async () => {
  const wrong: string[] = [];
  for (const [at, body] of bodies) {
    const media = body?.content?.["application/json"];
    if (!media) continue;
    const validate = await validatorAt(`${at}/content/application~1json/schema`);
    if (!validate(media.example)) wrong.push(`${at}: ${JSON.stringify(validate.errors)}`);
  }
  assert.deepEqual(wrong, []);
});
