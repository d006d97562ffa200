import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { numberedLines } from "../../lib/demo/blocks.ts";
import { RunResponse } from "../../lib/schema/job.ts";
import { createCli, quoted } from "./cli.ts";
import { startStromboli } from "./harness.ts";
import { makeStandIn, scripted } from "./stand-in.ts";

const { place } = await startStromboli({ after }, { config: { claude: { binary: makeStandIn({ after }) } } });
const { run, terminal } = createCli(place);
const { place: realPlace, model } = await startStromboli({ after });
const { run: runReal } = createCli(realPlace);

test("the words behind the command are the prompt, also behind --, and standard output is the answer and nothing else", async () => {
  const result = await run(["run", "--", "answer", '"--help', "me,", 'world"'], { input: "not this" });
  assert.deepEqual(result, { code: 0, stdout: "--help me, world\n", stderr: "" });
});

for (const args of [["run"], ["run", "-"]]) {
  test(`the prompt comes on standard input with ${args.join(" ")}`, async () => {
    const result = await run(args, { input: 'first=one\nanswer "$first\\nzwei 🦊"\n' });
    assert.deepEqual(result, { code: 0, stdout: "one\nzwei 🦊\n", stderr: "" });
  });
}

for (const input of ["", " \n"]) {
  test(`a prompt on standard input that is ${JSON.stringify(input)} is a mistake of usage`, async () => {
    const { code, stdout, stderr } = await run(["run"], { input });
    assert.deepEqual([code, stdout, stderr], [2, "", "stromboli: the prompt on standard input is empty\n"]);
  });
}

test("no prompt on a terminal is a mistake of usage, and nothing is waited for", async () => {
  const { code, screen } = await terminal("stromboli run").done;
  assert.deepEqual(
    [code, screen],
    [2, ['stromboli: there is no prompt; write it behind the command: stromboli run "…"']],
  );
});

test("a long answer is there to the last byte", async () => {
  const { code, stdout } = await run(["run", scripted(`seq -f '%08.0f ${".".repeat(54)}' 0 ${128 * 16 - 1}`).prompt]);
  assert.equal(code, 0);
  assert.ok(stdout === numberedLines(128), `${stdout.length} characters`);
});

test("--json prints a RunResponse and nothing else", async () => {
  const { code, stdout, stderr } = await run(["run", "--json", "answer hello"]);
  const { outcome, output, session_id } = RunResponse.parse(JSON.parse(stdout));
  assert.deepEqual([code, stderr, outcome, output], [0, "", "succeeded", "hello"]);
  assert.match(session_id, /^[0-9a-f-]{36}$/);
});

test("--json of a run that fails is a RunResponse as well", async () => {
  const { code, stdout } = await runReal(["run", "--json", "fail 400"]);
  const { outcome, error } = RunResponse.parse(JSON.parse(stdout));
  assert.deepEqual([code, outcome], [1, "api_error"]);
  assert.match(error ?? "", /400/);
});

test("an answer that goes to a file is alone there, while the terminal shows how the run is", async () => {
  const { code, screen, written } = await terminal(`stromboli run ${quoted("sleep 1.2; answer 42")} > answer`).done;
  assert.deepEqual([code, readFileSync(join(place.folder, "answer"), "utf8")], [0, "42\n"]);
  assert.match(written, /starting a container · \d+ s/);
  assert.match(screen.join("\n"), /^✔ succeeded in [^\n]+ session [0-9a-f-]{36}$/);
});

test("an answer is on the terminal when standard error goes to a file", async () => {
  const { code, screen } = await terminal("stromboli run answer here 2> errors").done;
  assert.deepEqual([code, screen], [0, ["here"]]);
  assert.equal(readFileSync(join(place.folder, "errors"), "utf8"), "");
});

test("--demo is answered by the built-in model", async () => {
  const before = model.requests.length;
  const { code, stdout } = await runReal(["run", "--demo", "hello"]);
  assert.deepEqual([code, model.requests.length], [0, before]);
  assert.match(stdout, /Hello from Stromboli/);
});
