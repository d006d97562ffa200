import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test, type TestContext } from "node:test";
import { z } from "zod";
import { StromboliError } from "../../lib/errors.ts";
import { Failure } from "../../lib/schema/failure.ts";
import type { CallOptions } from "./calls.ts";
import { openApp } from "./harness.ts";
import { bodiesFor, hostileText, refusedBy, type Body, type Schema } from "./hostile.ts";

const Parameter = z.looseObject({ name: z.string(), in: z.enum(["path", "query", "header"]) });
const Operation = z.looseObject({
  parameters: z.array(Parameter).default([]),
  requestBody: z
    .object({ content: z.object({ "application/json": z.object({ schema: z.custom<Schema>() }) }) })
    .loose()
    .optional(),
});
const Document = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), Operation)),
  components: z.looseObject({ schemas: z.record(z.string(), z.custom<Schema>()) }),
});

/** What is asked before there is a test: the tests are made from it. */
const readDocument = async () => {
  const cleaning: (() => unknown)[] = [];
  const owner = { after: (clean: () => unknown) => void cleaning.push(clean) } as unknown as TestContext; // all that it needs of one
  const { body } = await openApp(owner).json("/openapi.json");
  for (const clean of cleaning) await clean();
  return Document.parse(body);
};

/** Every route, and what it takes; a new one is here by itself. */
const document = await readDocument();
const routes = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, ...operation })),
);

type Asked = CallOptions & { path: string; title: string };

/** Asks one thing after the other; what was answered by a bug, or by a refusal that is not in our shape. */
const spoilt = async (t: TestContext, asked: Iterable<Asked>, fits: (status: number) => boolean): Promise<string[]> => {
  const { call, lines } = openApp(t, {
    auth: { jwt_secret: randomBytes(32).toString("hex") },
    rate_limits: { auth: "off" },
    search: () => Promise.resolve([]),
    join: () => ({ done: Promise.reject(new StromboliError("image_not_found", "there is none")), lines: noLines }),
  });
  const wrong: string[] = [];
  for (const { path, title, ...init } of asked) {
    const { status, text } = await call(path, init);
    const shaped = status < 400 || Failure.safeParse(jsonFrom(text)).success;
    if (!fits(status) || !shaped) wrong.push(`${title}: ${status} ${text.slice(0, 200)} ${bugIn(lines)}`);
  }
  assert.equal((await call("/healthz")).status, 200);
  return wrong;
};

/** What a registry says that has nothing. */
async function* noLines(): AsyncGenerator<string> {}

const jsonFrom = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const bugIn = (lines: readonly string[]) =>
  lines.findLast((line) => line.includes('"level":"error"'))?.slice(0, 500) ?? "";

const refused = (status: number) => status >= 400 && status < 500;
const noBug = (status: number) => status < 500;

/** A path with something in each of its places. */
const filled = (path: string, value = "x") => path.replaceAll(/\{\w+\}/g, value);

/** Three routes take a run: its fields are tried at one of them. */
const isNew = (schema: Schema): boolean => {
  const known = JSON.stringify(schema);
  const isFirst = !tried.has(known);
  tried.add(known);
  return isFirst;
};
const tried = new Set<string>();

for (const { method, path, parameters, requestBody } of routes) {
  const route = `${method} ${path}`;
  const named = (kind: string) => parameters.filter((parameter) => parameter.in === kind).map(({ name }) => name);
  const body = requestBody && '{"prompt":"hi"}';
  const ask = (title: string, more: Partial<Asked>): Asked => ({
    title,
    path: filled(path),
    method,
    ...(body !== undefined && { body }),
    ...more,
  });

  if (requestBody) {
    const { schema } = requestBody.content["application/json"];
    const sent = ({ title, body: bytes }: Body) => ask(title, { body: bytes });

    test(`${route} refuses every body that fits no route`, { timeout: 60_000 }, async (t) => {
      assert.deepEqual(await spoilt(t, refusedBy(schema, document.components.schemas).map(sent), refused), []);
    });

    if (isNew(schema))
      test(`${route} bears anything in any of its fields`, { timeout: 120_000 }, async (t) => {
        const bodies = bodiesFor(schema, document.components.schemas);
        assert.deepEqual(await spoilt(t, bodies.map(sent), noBug), []);
      });

    test(`${route} refuses what is no JSON, whatever its content type`, async (t) => {
      const types = [
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "a".repeat(9000),
      ];
      const asked = types.map((type) => ask(type, { body: "--x\r\n", headers: { "content-type": type } }));
      assert.deepEqual(await spoilt(t, asked, refused), []);
    });
  }

  if (path.includes("{")) {
    test(`${route} finds nothing at hostile paths`, async (t) => {
      const places = [
        ...hostileText.map((text) => encodeURIComponent(text.toWellFormed())),
        "%ff",
        "%ED%A0%80",
        "%",
        "..%2f..%2fx",
      ];
      const asked = places.map((place) => ask(place.slice(0, 40), { path: filled(path, place) }));
      assert.deepEqual(await spoilt(t, asked, refused), []);
    });
  }

  test(`${route} bears anything in a query`, { timeout: 60_000 }, async (t) => {
    const texts = [...hostileText.map((text) => encodeURIComponent(text.toWellFormed())), "%ff", "%ED%A0%80", "%", ""];
    const queries = [...named("query"), "__proto__", "constructor", "unknown", "%00"].flatMap((name) =>
      texts.flatMap((text) => [`${name}=${text}`, `${name}=${text}&${name}=${text}`, `${name}[]=${text}`]),
    );
    const asked = queries.map((query) => ask(query.slice(0, 60), { path: `${filled(path)}?${query}` }));
    assert.deepEqual(await spoilt(t, asked, noBug), []);
  });

  test(`${route} bears anything in its headers`, async (t) => {
    const names = [
      ...named("header"),
      "range",
      "last-event-id",
      "authorization",
      "x-request-id",
      "accept",
      "if-none-match",
    ];
    const texts = hostileText.filter((text) => /^[\x20-\x7e\x80-\xff]*$/.test(text)); // HTTP itself lets no others through
    const asked = names.flatMap((name) =>
      texts.map((text) => ask(`${name}: ${text.slice(0, 40)}`, { headers: { [name]: text } })),
    );
    assert.deepEqual(await spoilt(t, asked, noBug), []);
  });
}
