import assert from "node:assert/strict";
import { test } from "node:test";
import { thrownBy } from "../harness.ts";
import { serviceOf } from "./stack.ts";

const from = (text: string, keys = "env_file: a.env", variables: Record<string, string> = {}) =>
  serviceOf(keys, { variables, readText: (path) => (path === "/data/app/a.env" ? text : undefined) }).environment;

for (const [line, value] of [
  ["A=b", "b"],
  ["A=", ""],
  ["  export  A = b c ", "b c"],
  ["A=b # c", "b"],
  ["A= # c", ""],
  ["A=b#c", "b#c"],
  ["A='b # c' # d", "b # c"],
  [`A="b # c" # d`, "b # c"],
  [`A='\\n$B'`, "\\n$B"],
  [`A='it\\'s'`, "it's"],
  [`A="it\\"s \\\\ \\t."`, `it"s \\ \t.`],
  [`A="$B"`, "from the request"],
  ["A=${B}", "from the request"],
  ["A=${C:-d}", "d"],
  ["A=b=c", "b=c"],
  ["\uFEFFA=b", "b"],
  ["A=b\r", "b"],
  ["# A=x\n\nA=b\n\n", "b"],
  ["A=x\nA=b", "b"],
] as const) {
  test(`a line of an env_file: ${JSON.stringify(line)}`, () => {
    assert.deepEqual(from(line, undefined, { B: "from the request" }), { A: value });
  });
}

test("a name alone takes its value from the request", () => {
  assert.deepEqual(from("A\nB", undefined, { A: "x" }), { A: "x" });
});

for (const line of [
  "A B",
  "=b",
  "1A=b",
  "A-B=c",
  "A: b",
  `A="b`,
  "A='b",
  "A='b'c",
  "__proto__=x",
  "A=$C",
  'A="b\\nc"',
]) {
  test(`a line of an env_file is refused: ${JSON.stringify(line)}`, () => {
    assert.throws(() => from(`\n${line}`), {
      code: "compose_invalid",
      message: /^services\.db\.env(_file\.0|ironment\.A): /,
    });
  });
}

test("a refusal names the line and does not show it", () => {
  assert.match(String(thrownBy(() => from("A=1\nhunter 2"))), /env_file\.0: line 2 of a\.env is not NAME=VALUE;/);
});

const two = (path: string) => (path.endsWith("a.env") ? "A=1\nB=1\nC=1" : "A=2\nB=2");

test("environment goes before env_file, and a later file before an earlier one", () => {
  const { environment } = serviceOf("env_file: [a.env, ./b.env]\nenvironment: {A: 3}", { readText: two });
  assert.deepEqual(environment, { A: "3", B: "2", C: "1" });
});

test("a path may be longer, and the file need not be there", () => {
  assert.deepEqual(from("A=b", "env_file: [{path: ../app/a.env}, {path: missing.env, required: false}]"), { A: "b" });
});

for (const [path, code] of [
  ["missing.env", "volume_not_allowed"],
  ["/etc/environment", "volume_not_allowed"],
  ["../../etc/environment", "volume_not_allowed"],
  ["b.env", "compose_invalid"],
  ["~/a.env", "compose_invalid"],
  ["folder", "compose_invalid"],
  ["[a, [b]]", "compose_invalid"],
  ["[{path: a.env, format: raw}]", "compose_invalid"],
  ["true", "compose_invalid"],
] as const) {
  test(`no env_file is read at ${path}`, () => assert.throws(() => from("A=b", `env_file: ${path}`), { code }));
}

test("where no volume may be, nothing tells whether a file is there", () => {
  const paths = ["/etc/a.env", "/etc/missing"];
  assert.deepEqual(
    paths.map((path) => from("A=b", `env_file: [{path: ${path}, required: false}]`)),
    [{}, {}],
  );
  const messages = paths.map((path) => String(thrownBy(() => from("", `env_file: ${path}`))).replaceAll(path, "PATH"));
  assert.equal(messages[0], messages[1]);
});

test("an env_file has a bound", () => {
  assert.throws(() => from(`#${"x".repeat(300_000)}`), { code: "compose_invalid", message: /longer than 262144/ });
});
