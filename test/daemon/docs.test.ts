import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test, type TestContext } from "node:test";
import { renderPage } from "../../daemon/docs/page.ts";
import { agreed } from "../contract.ts";
import { openApp } from "./harness.ts";

const show = async (t: TestContext) => openApp(t, { auth: { required: "always" } }).call("/docs");

test("the page is there for everybody, as the document is", async (t) => {
  const { status, headers, text } = await show(t);
  assert.deepEqual([status, headers.get("content-type")], [200, "text/html; charset=UTF-8"]);
  assert.match(text, /^<!doctype html>/);
});

test("the page has every route and every schema, and each link on it leads somewhere", async (t) => {
  const { text } = await show(t);
  const links = Array.from(text.matchAll(/href="#([^"]+)"/g), ([, id = ""]) => id);
  const ids = Array.from(text.matchAll(/ id="([^"]+)"/g), ([, id = ""]) => id);
  const routes = Object.values(agreed.paths).flatMap((operations) => Object.keys(operations));
  assert.deepEqual(
    links.filter((id) => !ids.includes(id)),
    [],
  );
  assert.equal(ids.filter((id) => !id.startsWith("schema-")).length, routes.length);
  assert.equal(new Set(ids).size, ids.length);
});

test("the page begins with runs and ends with the document for programs", async (t) => {
  const { text } = await show(t);
  const titles = Array.from(
    text.matchAll(/<h3><b[^>]*>(\w+)<\/b> (\S+)<\/h3>/g),
    ([, method, path]) => `${method} ${path}`,
  );
  assert.deepEqual([titles[0], titles.at(-1)], ["POST /run", "GET /openapi.json"]);
});

test("what stands between backticks is shown as code", async (t) => {
  const { text } = await show(t);
  assert.match(text, /With <code>Accept: text\/event-stream<\/code> the answer is a stream/);
  assert.doesNotMatch(text.replaceAll(/<pre[\s\S]*?<\/pre>/g, ""), /`/);
});

test("nothing on the page is loaded or run, and the browser is told to keep it so", async (t) => {
  const { headers, text } = await show(t);
  assert.doesNotMatch(text, /<(script|link|img|iframe|base|form)|<[^>]* (src|style|on\w+|href="[^#o])[^>]*>/);
  const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(text) ?? [];
  const hash = createHash("sha256").update(style).digest("base64");
  const policy = headers.get("content-security-policy") ?? "";
  assert.ok(policy.startsWith(`default-src 'none'; style-src 'sha256-${hash}'`), policy);
});

test("what a document says is shown as it stands, whatever it is", async () => {
  const evil = '<img src=x onerror="alert(1)">';
  const operation = { summary: evil, responses: { 200: { description: evil } } };
  const document = {
    openapi: "3.1.0",
    info: { title: evil, version: evil },
    tags: [{ name: "a", description: evil }],
    paths: { "/a": { get: operation } },
    components: { schemas: { A: { description: evil, properties: { b: { enum: [evil], description: evil } } } } },
  };
  assert.doesNotMatch(await renderPage(document, ""), /<img/);
});
