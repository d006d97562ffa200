import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { createCli } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makePlace, type Place } from "./place.ts";
import { makeStandIn } from "./stand-in.ts";

/** A user without a daemon. */
const alone = (t: TestContext) => {
  const place = makePlace();
  t.after(() => place[Symbol.dispose]());
  return { ...createCli(place), file: fileOf(place) };
};

const fileOf = ({ configHome }: Place) => join(configHome, "stromboli/credentials.json");

/** A daemon without credentials of its own, before a model that one key opens. */
const { key, model, log, place } = await startStromboli(
  { after },
  { config: { claude: { binary: makeStandIn({ after }) } }, env: { ANTHROPIC_API_KEY: "" } },
);
/** Asks the model as the real CLI does, which costs more, and answers with the status of what comes. */
const asking = ["curl -s -o /dev/null -w '%{http_code}' --unix-socket $ANTHROPIC_UNIX_SOCKET"]
  .concat('-H "x-api-key: $ANTHROPIC_API_KEY"', "http://x/v1/messages/count_tokens", `-d '{"model":"m","messages":[]}'`)
  .join(" ");
const ask = `answer "$(${asking})"`;
const { run, terminal } = createCli(place);
const file = fileOf(place);

test("a key on standard input goes to a file of the user's alone, and the next run uses it without a restart", async () => {
  const without = await run(["run", "hello"]);
  assert.equal(without.code, 78);
  assert.match(without.stderr, /^stromboli: .*ANTHROPIC_API_KEY.*stromboli login.*--demo[^\n]*\n$/);
  const { code, stdout, stderr } = await run(["login"], { input: `  ${key}\n` });
  assert.deepEqual([code, stdout], [0, ""]);
  assert.equal(stderr, `stromboli: stored an API key in ${file}; the daemon uses it from the next run on\n`);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(await run(["run", ask]), { code: 0, stdout: "200\n", stderr: "" });
});

test("a second login takes the place of the first", async () => {
  await run(["login"], { input: "sk-ant-wrong-0123456789" });
  await run(["login"], { input: key });
  assert.equal(readFileSync(file, "utf8").includes("wrong"), false);
  assert.equal((await run(["run", ask])).stdout, "200\n");
});

test("an OAuth token is told from a key and sent as one, and what refuses it does not show it", async () => {
  const before = model.requests.length;
  const token = "sk-ant-oat01-0123456789";
  const { stderr } = await run(["login"], { input: token });
  assert.match(stderr, /stored an OAuth token/);
  const refused = await run(["run", ask]); // the model opens to the key alone
  assert.deepEqual([refused.stdout, model.requests.length], ["401\n", before]);
  assert.equal((refused.stdout + refused.stderr).includes(token), false);
});

for (const input of [
  "",
  "\n",
  "short",
  "two words here",
  '{\n"key": 1\n}',
  "schlüssel-schlüssel",
  "sk-ant\u0000-0123456789",
]) {
  test(`${JSON.stringify(input)} is no key: nothing is stored, and it is not shown`, async (t) => {
    const nobody = alone(t);
    const { code, stdout, stderr } = await nobody.run(["login"], { input });
    assert.deepEqual([code, stdout, existsSync(nobody.file)], [2, "", false]);
    assert.match(stderr, /^stromboli: that is not an API key or a token: [^\n]*\n$/);
    assert.equal(input.trim() !== "" && stderr.includes(input.trim()), false);
  });
}

test("on a terminal it asks, and what is typed does not show", async () => {
  rmSync(file, { force: true });
  const { shows, type, done } = terminal("stromboli login");
  await shows("API key or OAuth token");
  type(`${key}\r`);
  const { code, written } = await done;
  assert.deepEqual([code, written.includes(key), written.includes(key.slice(-4))], [0, false, false]);
  assert.match(written, /stored an API key/);
  assert.equal((await run(["run", ask])).stdout, "200\n");
});

for (const [name, typed] of [
  ["Ctrl-C", "\u0003"],
  ["Ctrl-D", "\u0004"],
] as const) {
  test(`${name} at the question ends it with 130 and stores nothing`, async (t) => {
    const nobody = alone(t);
    const { shows, type, done } = nobody.terminal("stromboli login");
    await shows("API key or OAuth token");
    type(typed);
    const { code, screen } = await done;
    assert.deepEqual(
      [code, screen.at(-1), existsSync(nobody.file)],
      [130, "stromboli: interrupted; nothing is stored", false],
    );
  });
}

test("a credentials file that is broken is told, with what to do", async () => {
  await run(["login"], { input: key });
  writeFileSync(file, "{");
  const { code, stderr } = await run(["run", "hello"]);
  assert.equal(code, 78);
  assert.match(stderr, /credentials\.json holds no readable credential: run stromboli login again/);
  assert.equal(log().includes(key), false);
});
