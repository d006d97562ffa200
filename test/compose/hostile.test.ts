import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, serviceOf } from "./stack.ts";

/** Each unfolds to nine times the one before: nine to the ninth. */
const bomb = (reference: (name: string) => string): string =>
  Array.from({ length: 9 }, (_, index) =>
    index === 0 ? "x-0: &a0 {k: v}" : `x-${index}: &a${index} ${reference(`a${index - 1}`)}`,
  ).join("\n");
const nine = (name: string) => Array.from({ length: 9 }, () => `*${name}`).join(", ");

const hostile: readonly [what: string, text: string, message: RegExp][] = [
  ["nothing", "", /^the file: must be a mapping with services/],
  ["a list", "[]", /^the file: must be a mapping/],
  ["a text", "x", /^the file: must be a mapping/],
  ["no services", "volumes: {}", /^services: must be a mapping/],
  ["services without a value", "services:", /^services: must be a mapping/],
  ["an empty set of services", "services: {}", /^services: must name a service/],
  ["a service without a value", "services: {a: }", /^services\.a: must be a mapping/],
  ["a service without an image", "services: {a: {}}", /^services\.a\.image: is missing/],
  ["an open bracket", "services: [", /^the file: is no YAML: .* at line 1, column 12/],
  ["a tab as indentation", "services:\n\ta: {image: b}", /^the file: is no YAML: .* at line 2, column 1/],
  ["a NUL", "services: {a: {image: x}}\n#\0", /^the file: is no YAML: it has a control character at line 2/],
  ["an escape character", "services: \u001B", /control character at line 1/],
  [
    "a NUL in a command",
    String.raw`services: {a: {image: x, command: ["a\0b"]}}`,
    /^services\.a\.command\.0: must have no NUL/,
  ],
  [
    "two documents",
    "services: {a: {image: x}}\n---\nservices: {b: {image: x}}",
    /^the file: is no YAML: .*multiple documents/,
  ],
  ["a function", "services: {a: !!js/function 'x'}", /^the file: is no YAML: Unresolved tag/],
  ["a tag of compose's", "services: {a: {image: x, command: !reset null}}", /^the file: is no YAML: Unresolved tag/],
  ["a key twice", "services:\n  a: {image: x}\n  a: {image: y}", /^the file: line 3: the key a is there twice/],
  ["a merge key twice", "x-a: &a {}\nservices: {a: {<<: *a, <<: *a}}", /^the file: line 2: the key << is there twice/],
  ["a list as a key", "services: {[a]: b}", /^the file: is no YAML: .*all keys must be strings/],
  ["an alias of nothing", "services: *a", /^the file: line 1: the alias \*a stands for nothing/],
  ["a mapping in itself", "services: &a {a: *a}", /^the file: line 1: the alias \*a stands for nothing/],
  ["a list in itself", "services: &a [*a]", /stands for nothing that is complete/],
  ["a merge of itself", "services: &a {<<: *a}", /stands for nothing that is complete/],
  ["a merge of a list", "services: {<<: [1]}", /^the file: is no YAML: Merge sources must be maps/],
  ["__proto__ as a key", "__proto__: {services: {}}", /^the file: has the key __proto__/],
  ["__proto__ as a service", "services: {__proto__: {image: x}}", /^services: has the key __proto__/],
  [
    "__proto__ as a variable",
    "services: {a: {image: x, environment: {__proto__: y}}}",
    /environment: has the key __proto__/,
  ],
  ["__proto__ in a list", "services: {a: {image: x, environment: [__proto__=y]}}", /environment\.0: is no name/],
  ["__proto__ to wait for", "services: {a: {image: x, depends_on: [__proto__]}}", /depends_on\.0: must be 1 to 63/],
  ["constructor as a key", "constructor: x\nservices: {a: {image: x}}", /^constructor: is refused/],
  ["lists in lists", "[".repeat(200_000), /too large|nested too deeply/],
  ["9000 lists in lists", "[".repeat(9000), /nested too deeply/],
  ["lists of lists by dashes", `${"- ".repeat(6000)}a`, /nested too deeply/],
  ["mappings in mappings", "{a: ".repeat(2000), /nested too deeply/],
  [
    "40 mappings, and all their ends",
    `${"{a: ".repeat(40)}b${"}".repeat(40)}`,
    /^the file: line 1: it is nested too deeply/,
  ],
  ["a MiB of values", `[${"a,".repeat(500_000)}]`, /too large for a compose file/],
  ["6000 keys", `{${Array.from({ length: 6000 }, (_, index) => `k${index}`).join()}}`, /^services: must be .* more\)/],
  [
    "21 services",
    `services: {${Array.from({ length: 21 }, (_, index) => `s${index}: {image: x}`).join(", ")}}`,
    /at most 20/,
  ],
  ["lists of aliases of lists", bomb((name) => `[${nine(name)}]`), /unfold to more than/],
  ["merges of merges", bomb((name) => `{<<: [${nine(name)}]}`), /unfold to more than/],
  [
    "a long text many times",
    `x-a: &a ${"x".repeat(99_000)}\nservices: {a: {image: x, command: [${nine("a")}, ${nine("a")}]}}`,
    /longer than 1048576/,
  ],
];

for (const [what, text, message] of hostile) {
  test(`refused, and soon: ${what}`, () => {
    const start = performance.now();
    assert.throws(() => planOf(text), { code: "compose_invalid", message });
    assert.ok(performance.now() - start < 3000);
  });
}

test("a refusal is no longer than somebody can read", () => {
  const keys = Array.from({ length: 1000 }, (_, index) => `${"k".repeat(500)}${index}: x`).join("\n");
  assert.throws(
    () => planOf(keys),
    (error: { message: string; issues: unknown[] }) => error.message.length < 1000 && error.issues.length === 20,
  );
});

test("services may be called what an object has of its own", () => {
  const { services } = planOf("services: {constructor: {image: x}, valueof: {image: x, depends_on: [constructor]}}");
  assert.deepEqual(
    services.map(({ name }) => name),
    ["constructor", "valueof"],
  );
});

test("a service may be called x-1, while x-1 as a key is ignored", () => {
  assert.deepEqual(
    planOf("x-1: {a: b}\nservices: {x-1: {image: x, x-1: [y]}}").services.map(({ name }) => name),
    ["x-1"],
  );
});

test("merge keys and aliases are unfolded", () => {
  const text = `
x-common: &common
  image: x
  environment: &environment {A: 1, B: 2}
services:
  a: {<<: *common}
  b:
    <<: [*common, {init: true, image: y}]
    environment: {<<: *environment, B: 3}`;
  const { services } = planOf(text);
  assert.deepEqual(
    services.map(({ environment, init, images }) => [environment, init, images.length]),
    [
      [{ A: "1", B: "2" }, false, 2],
      [{ A: "1", B: "3" }, true, 2],
    ],
  );
});

test("the mark at the beginning of a file is no part of it, nor are a version and a name", () => {
  assert.equal(planOf("\uFEFFversion: '3.8'\nname: ${SHOP}\nservices: {a: {image: x}}\r\n").services.length, 1);
});

test("numbers are what was written, whatever they would be as numbers", () => {
  const { environment } = serviceOf(
    "environment: {A: 1e400, B: 0x1F, C: 0o17, D: .nan, E: 12345678901234567890, F: -0}",
  );
  assert.deepEqual(Object.values(environment), ["1e400", "0x1F", "0o17", ".nan", "12345678901234567890", "-0"]);
});

test("text that variables take away counts, so that a file cannot have it read for ever", () => {
  const values = Array.from({ length: 200 }, (_, index) => `      V${index}: *a`).join("\n");
  const text = `x-a: &a "\${NONE:+${"x".repeat(90_000)}}"\nservices:\n  a:\n    image: x\n    environment:\n${values}`;
  assert.throws(() => planOf(text), { code: "compose_invalid", message: /longer than/ });
});
