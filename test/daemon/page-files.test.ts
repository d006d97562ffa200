import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openApp } from "./harness.ts";

const folder = join(import.meta.dirname, "../../daemon/page");
const pathOf = (name: string) => (name === "index.html" ? "/" : `/page/${name}`);

test("every file of the page is served, to everybody, under a policy that lets nothing else run", async (t) => {
  const { call } = openApp(t, { auth: { required: "always" } });
  for (const name of readdirSync(folder)) {
    const { status, headers } = await call(pathOf(name));
    assert.equal(status, 200, name);
    assert.match(headers.get("content-type") ?? "", /^(text\/(html|css|javascript); charset=utf-8|image\/svg\+xml)$/);
    assert.match(headers.get("content-security-policy") ?? "", /^default-src 'none'; script-src 'self'; (?!.*unsafe)/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  }
});

for (const name of ["app.ts", "..%2fapp.ts", "%2e%2e%2fmain.ts", "constructor"])
  test(`/page/${name} is 404`, async (t) => {
    const { status, body } = await openApp(t).json(`/page/${name}`);
    assert.deepEqual([status, body["code"]], [404, "not_found"]);
  });

test("the page is refused under a foreign name, and to other sites", async (t) => {
  const { json } = openApp(t);
  assert.equal((await json("/", { headers: { host: "evil.example" } })).status, 403);
  assert.equal((await json("/", { headers: { "sec-fetch-site": "cross-site" } })).status, 403);
});

test("the page uses no markup of others: nothing in it sets any", async (t) => {
  const { call } = openApp(t);
  for (const name of readdirSync(folder).filter((file) => file.endsWith(".js")))
    assert.doesNotMatch(
      (await call(pathOf(name))).text,
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write/,
      name,
    );
});
