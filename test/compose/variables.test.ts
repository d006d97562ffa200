import assert from "node:assert/strict";
import { test } from "node:test";
import { planOf, serviceOf } from "./stack.ts";

const variables = { TAG: "16", EMPTY: "", DOLLAR: "a$TAG${TAG}", QUOTE: `"]: x\n- {` };
const valueOf = (text: string) => serviceOf(`environment:\n  A: '${text}'`, { variables }).environment["A"];

for (const [text, value] of [
  ["$TAG", "16"],
  ["${TAG}", "16"],
  ["db:${TAG}-alpine", "db:16-alpine"],
  ["$TAG.$TAG", "16.16"],
  ["$$TAG and $$${TAG}", "$TAG and $16"],
  ["${TAG:-x}", "16"],
  ["${TAG-x}", "16"],
  ["${EMPTY:-x}", "x"],
  ["${EMPTY-x}", ""],
  ["${MISSING:-x}", "x"],
  ["${MISSING-x y:z}", "x y:z"],
  ["${MISSING:-}", ""],
  ["${MISSING:-${TAG}}", "16"],
  ["${MISSING:-a${MISSING:-b${TAG}}c}d", "ab16cd"],
  ["${TAG:-${MISSING}}", "16"],
  ["${TAG:+x}", "x"],
  ["${TAG+x}", "x"],
  ["${EMPTY:+x}", ""],
  ["${EMPTY+x}", "x"],
  ["${MISSING:+x}", ""],
  ["${TAG:?needed}", "16"],
  ["${EMPTY?needed}", ""],
  ["${DOLLAR}", "a$TAG${TAG}"],
] as const) {
  test(`${text} becomes ${JSON.stringify(value)}`, () => assert.equal(valueOf(text), value));
}

for (const [text, message] of [
  ["$MISSING", /^services\.db\.environment\.A: needs the variable MISSING; set it in podman\.env of the request, or/],
  ["${MISSING}", /needs the variable MISSING; .* or write \$\{MISSING:-DEFAULT\}/],
  ["${constructor}", /needs the variable constructor/],
  ["${__proto__}", /needs the variable __proto__/],
  ["${MISSING:?say which}", /needs the variable MISSING: say which/],
  ["${EMPTY:?say which}", /needs the variable EMPTY: say which/],
  ["${MISSING?say ${TAG}}", /needs the variable MISSING: say 16/],
  ["${TAG", /write \$\$ for a dollar sign/],
  ["5$", /write \$\$ for a dollar sign/],
  ["${}", /write \$\$ for a dollar sign/],
  ["${1}", /write \$\$ for a dollar sign/],
  ["$1", /write \$\$ for a dollar sign/],
  ["${TAG/1/2}", /write \$\$ for a dollar sign/],
  ["${TAG:x}", /write \$\$ for a dollar sign/],
  ["$(id)", /write \$\$ for a dollar sign/],
] as const) {
  test(`${text} is refused`, () => {
    assert.throws(() => valueOf(text), { code: "compose_invalid", message });
  });
}

test("the daemon's own environment is not looked at", () => {
  assert.ok(process.env["PATH"]);
  assert.throws(() => valueOf("$PATH"), { code: "compose_invalid" });
});

test("variables have their place in numbers, names and flags too", () => {
  const { images, limits, init } = serviceOf("cpus: $CPUS\ninit: $INIT", { variables: { CPUS: "0.5", INIT: "true" } });
  assert.deepEqual([images.length, limits.cpus, init], [2, "0.5", true]);
});

test("a value is a value: it cannot bring keys into the file", () => {
  assert.equal(valueOf("$DOLLAR"), "a$TAG${TAG}");
  assert.deepEqual(serviceOf("command: [$QUOTE]", { variables }).command, [variables.QUOTE]);
});

test("keys are not looked at for variables", () => {
  assert.throws(() => planOf("services: {$TAG: {image: db}}", { variables }), {
    code: "compose_invalid",
    message: /^services\.\$TAG: the name must be/,
  });
});

test("a variable without a value is taken from the request", () => {
  assert.deepEqual(serviceOf("environment: {TAG: , MISSING: }", { variables }).environment, { TAG: "16" });
  assert.deepEqual(serviceOf("environment: [TAG, MISSING]", { variables }).environment, { TAG: "16" });
});

test("a value that grows too long is refused", () => {
  const long = { L: "x".repeat(60_000) };
  assert.throws(
    () => serviceOf("command: ['$L$L']", { variables: long }),
    /command\.0: must be at most 100000 bytes long/,
  );
  const lines = Array.from({ length: 30 }, () => "- $L").join("\n");
  assert.throws(() => serviceOf(`command:\n${lines}`, { variables: long }), /longer than 1048576 characters/);
});

test("variables in variables are bounded in depth", () => {
  const text = "${A:-".repeat(1000) + "}".repeat(1000);
  assert.throws(() => valueOf(text), { code: "compose_invalid", message: /nested too deeply/ });
});
