import { globSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

/**
 * All unit tests in one process, which starts once and loads each module once: a process for each file takes three times
 * the CPU. So a unit test gives back what belongs to the whole process, as `t.after` and `t.mock` do.
 */
const load = async (): Promise<void> => {
  const files = globSync("{,!(e2e|torture)/}*.test.ts", { cwd: import.meta.dirname });
  for (const file of files.toSorted()) await import(join(import.meta.dirname, file));
};

process.on("SIGPIPE", () => {}); // Node ignores it until somebody has listened; then a connection that breaks would kill
const loading = load();
void test("all unit tests can be loaded", () => loading); // and none begins before, as loading keeps the CPU busy
