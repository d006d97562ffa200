import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createCli, quoted } from "./cli.ts";
import { startStromboli } from "./harness.ts";

const { place, list } = await startStromboli({ after }, { config: { claude: { max_retries: 1 } } });
const { terminal } = createCli(place);

const run = (...lines: readonly string[]) => `stromboli run --yolo ${quoted(lines.join("\n"))}`;
const colour = new RegExp(`${String.fromCodePoint(27)}\\[[\\d;]*m`);
const times = (text: string, part: string) => text.split(part).length - 1;

test("text is there as the agent writes it, and whole in the end", async () => {
  const { shows, written, done } = terminal(run("slow 12 150"));
  await shows("w2");
  assert.equal(written().includes("w11"), false);
  const { code, screen } = await done;
  assert.deepEqual([code, screen[0]], [0, "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11"]);
  assert.match(screen[1] ?? "", /^✔ succeeded in [\d.]+ s · 15 tokens · \$0\.\d{4} · session [0-9a-f-]{36}$/);
  assert.equal(screen.length, 2);
});

test("a status line tells of the phase, the tool, the time and the tokens, and is gone in the end", async () => {
  const { done } = terminal(run("say: Let me look.", "use Bash: sleep 2.5; true", "say: Done."));
  const { written, screen } = await done;
  assert.match(written, /starting a container · \d+ s/);
  assert.match(written, /thinking · \d+ s/);
  assert.match(written, /Bash sleep 2\.5; true · \d+ s · 5 tokens/);
  assert.deepEqual(screen.slice(0, -1), ["Let me look.", "Done."]);
});

test("the status line stays one line however long a tool's input and narrow the terminal, with NO_COLOR without colours", async () => {
  const command = `sleep 1.5; : ${"日本語 and more ".repeat(20)}`;
  const { done } = terminal(run(`use Bash: ${command}`, "say: Done."), { columns: 50, env: { NO_COLOR: "1" } });
  const { written, screen } = await done;
  assert.match(written, /Bash sleep 1\.5; : 日[^\n]*…/);
  assert.equal(screen[0], "Done.");
  assert.doesNotMatch(written, colour);
  assert.match(written, /✔ succeeded/);
});

for (const fault of ["truncated", "fail-in-stream", "malformed"]) {
  test(`a stream that breaks is asked for once more, and nothing is written twice: ${fault}`, async () => {
    const { code, written, screen } = await terminal(run(fault, "say: whole answer")).done;
    assert.deepEqual([code, times(written, "partial"), times(written, "whole answer")], [0, 1, 1]);
    assert.deepEqual(screen.slice(0, -1), ["partial", "whole answer"]);
    const [job] = (await list("?limit=1")).jobs;
    assert.deepEqual([job?.outcome, job?.output], ["succeeded", "whole answer"]);
  });
}

test("text that comes again behind a message that broke off is not written again", async () => {
  const { written } = await terminal(run("fail-in-stream", "use Bash: true", "say: partial success")).done;
  assert.deepEqual([times(written, "partial success"), times(written, "success\r\n")], [1, 1]);
});

test("a retry is told with its reason", async () => {
  const { written, screen } = await terminal(run("fail 529 x1 retry-after=0", "say: at last")).done;
  assert.match(written, /the API failed \(overloaded\), try 1 of 1/);
  assert.equal(screen[0], "at last");
});

test("a failure is told once, and red", async () => {
  const { code, screen, written } = await terminal(run("fail 400 message=no such luck")).done;
  assert.equal(code, 1);
  assert.match(written, colour);
  assert.equal(times(screen.join("\n"), "no such luck"), 1);
  assert.match(screen.at(-1) ?? "", /^✖ api_error in /);
});

test("wide and combined characters come through as they are, control characters do not, and the closing line wraps before the session's id", async () => {
  const answer = "日本語 🦊 👩‍👩‍👧 e\u0301 العربية";
  const lines = run(`say: ${answer}`, "say: a\u001b]0;title\u0007\u001b[2Jb\u0008c");
  const { written, screen } = await terminal(lines, { columns: 60 }).done;
  assert.deepEqual(screen.slice(0, 2), [answer, "a]0;title[2Jbc"]);
  assert.equal(written.includes("\u001b]0;"), false);
  assert.equal(screen.length, 4);
  assert.match(screen[3] ?? "", /^session [0-9a-f-]{36}$/);
});
