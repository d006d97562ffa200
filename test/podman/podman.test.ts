import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createPodman, lastLine } from "../../lib/podman/podman.ts";
import { standIn, tempFolder, writeFiles } from "../harness.ts";

const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };

test("a call tells how Podman exited and what it said", async (t) => {
  const podman = createPodman({ binary: standIn(t, "echo out; echo err >&2; exit 3"), env });
  assert.deepEqual(await podman.call(["ps"]), { exitCode: 3, stdout: "out", stderr: "err" });
});

test("arguments reach Podman as they are, through no shell", async (t) => {
  const podman = createPodman({ binary: standIn(t, 'printf "[%s]" "$@"'), env });
  assert.equal(await podman.output(["a b", "$(id)", "'", ""]), "[a b][$(id)]['][]");
});

test("Podman sees the environment that it is given and nothing of ours", async (t) => {
  process.env["STROMBOLI_TEST_LEAK"] = "leaked";
  t.after(() => delete process.env["STROMBOLI_TEST_LEAK"]);
  const podman = createPodman({ binary: standIn(t, "env"), env: { ...env, GIVEN: "1" } });
  const output = await podman.output(["ps"]);
  assert.deepEqual([output.includes("GIVEN=1"), output.includes("leaked")], [true, false]);
});

test("Podman gets no standard input to wait for", async (t) => {
  const podman = createPodman({ binary: standIn(t, "cat; echo end"), env });
  assert.equal(await podman.output(["ps"]), "end");
});

test("a command that has to succeed fails with Podman's last words", async (t) => {
  const podman = createPodman({
    binary: standIn(t, "echo 'WARN: x' >&2; echo 'Error: no such thing' >&2; exit 1"),
    env,
  });
  await assert.rejects(podman.output(["rm"]), { code: "podman_failed", message: "podman rm failed: no such thing" });
});

test("a Podman that is not installed is named so, with the remedy", async (t) => {
  const podman = createPodman({ binary: join(tempFolder(t), "podman"), env });
  await assert.rejects(podman.call(["ps"]), { code: "podman_unusable", message: /not installed; run bin\/setup/ });
});

test("a Podman that hangs is given up", async (t) => {
  const podman = createPodman({ binary: standIn(t, "exec sleep 60"), env });
  await assert.rejects(podman.call(["ps"], { timeoutMs: 50 }), {
    code: "podman_unusable",
    message: /did not answer in time/,
  });
});

test("a Podman that is killed is unusable", async (t) => {
  const podman = createPodman({ binary: standIn(t, "kill -9 $$"), env });
  await assert.rejects(podman.call(["ps"]), { code: "podman_unusable", message: /SIGKILL/ });
});

test("a call can be given up when the daemon stops", async (t) => {
  const podman = createPodman({ binary: standIn(t, "exec sleep 60"), env });
  await assert.rejects(podman.call(["wait"], { signal: AbortSignal.timeout(50), timeoutMs: 0 }), {
    code: "shutting_down",
  });
});

test("a call on a signal that has fired already is given up", async (t) => {
  const podman = createPodman({ binary: standIn(t, "exec sleep 60"), env });
  await assert.rejects(podman.call(["wait"], { signal: AbortSignal.abort() }), { code: "shutting_down" });
});

test("files of ours become the standard streams", async (t) => {
  const folder = tempFolder(t);
  writeFiles(folder, { in: "hello" });
  const files = {
    stdin: openSync(join(folder, "in"), "r"),
    stdout: openSync(join(folder, "out"), "a"),
    stderr: openSync(join(folder, "err"), "a"),
    extra: [openSync(join(folder, "three"), "a"), openSync(join(folder, "four"), "a")],
  };
  t.after(() =>
    Object.values(files)
      .flat()
      .forEach((file) => closeSync(file)),
  );
  const script = "cat; echo oops >&2; echo 3 >&3; echo 4 >&4; exit 125";
  const podman = createPodman({ binary: standIn(t, script), env });
  const exitCode = await podman.withFiles(["run"], files);
  const read = (name: string) => readFileSync(join(folder, name), "utf8");
  assert.deepEqual([exitCode, read("out"), read("err")], [125, "hello", "oops\n"]);
  assert.deepEqual([read("three"), read("four")], ["3\n", "4\n"]);
});

test("the lines that a command prints come as they are printed", async (t) => {
  const folder = tempFolder(t);
  const script = `echo one; while [ ! -e ${folder}/go ]; do sleep 0.02; done; echo two; exit 3`;
  const podman = createPodman({ binary: standIn(t, script), env });
  const seen: string[] = [];
  for await (const line of podman.lines(["events"], new AbortController().signal)) {
    seen.push(line);
    writeFiles(folder, { go: "" });
  }
  assert.deepEqual(seen, ["one", "two"]);
});

test("who listens to a command ends it with a signal", async (t) => {
  const podman = createPodman({ binary: standIn(t, "echo $$; exec sleep 60"), env });
  const stop = new AbortController();
  const pids: number[] = [];
  const listening = (async () => {
    for await (const line of podman.lines(["events"], stop.signal)) {
      pids.push(Number(line));
      stop.abort();
    }
  })();
  await listening.catch(() => {});
  assert.throws(() => process.kill(pids[0] ?? 0, 0), { code: "ESRCH" });
});

for (const [text, line] of [
  ["", ""],
  ["one", "one"],
  ["WARN: a\nError: b\n\n", "b"],
  ["a: Error: b", "a: Error: b"],
  ["x".repeat(600), "x".repeat(500)],
] as const) {
  test(`the last line of ${JSON.stringify(text.slice(0, 30))} is ${JSON.stringify(line.slice(0, 30))}`, () => {
    assert.equal(lastLine(text), line);
  });
}
