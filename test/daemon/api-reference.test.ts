import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Document } from "../../daemon/docs/document.ts";
import { referenceOf } from "./api-reference.ts";

const path = join(import.meta.dirname, "../../docs/api.md");
const agreed = join(import.meta.dirname, "../fixtures/openapi.json");
const document = JSON.parse(readFileSync(agreed, "utf8")) as Document; // what the contract test holds the daemon's to
const reference = `<!-- reference -->\n\n${referenceOf(document)}\n`;
const written = /<!-- reference -->[^]*$/;

/** Started by itself with --write, this file writes the reference anew. */
if (process.argv.includes("--write"))
  writeFileSync(
    path,
    readFileSync(path, "utf8").replace(written, () => reference),
  );

test("the reference in the guides is what the daemon's own document says; npm run contract writes it anew", () => {
  assert.equal(written.exec(readFileSync(path, "utf8"))?.[0], reference);
});

test("it has every route and every schema, and its links lead somewhere", () => {
  const headings = new Set(Array.from(reference.matchAll(/^### (.*)$/gm), ([, heading]) => heading));
  for (const [route, operations] of Object.entries(document.paths))
    for (const method of Object.keys(operations)) assert.ok(headings.has(`${method.toUpperCase()} ${route}`), route);
  const names = new Set(Object.keys(document.components.schemas).map((name) => name.toLowerCase()));
  for (const [, name = ""] of reference.matchAll(/\(#([^)]*)\)/g)) assert.ok(names.has(name), name);
});
