import { text } from "node:stream/consumers";
import type { CommandLine, CommandResult } from "./run-each.ts";

/**
 * Runs bin/cli.ts once for each of the command lines that come as JSON on standard input, and prints what came of them,
 * as JSON too. All in one process, since the start of one takes longer than what most of them do.
 */
const write = process.stdout.write.bind(process.stdout);
const withoutError = process.exitCode;
const own = { ...process.env };
process.stdout.setMaxListeners(0); // each command line adds its own
process.stderr.setMaxListeners(0);

/** What is written to a stream from now on. */
const record = (stream: NodeJS.WriteStream): (() => string) => {
  const chunks: string[] = [];
  stream.write = (chunk: string | Uint8Array) => chunks.push(Buffer.from(chunk).toString()) > 0;
  return () => chunks.join("");
};

const results: CommandResult[] = [];
for (const [index, { args, env }] of (JSON.parse(await text(process.stdin)) as CommandLine[]).entries()) {
  process.argv = [process.execPath, "stromboli", ...args];
  Object.assign(process.env, own, env);
  process.exitCode = withoutError;
  const [stdout, stderr] = [record(process.stdout), record(process.stderr)];
  await import(`../../bin/cli.ts?${index}`); // a query makes it another module, whose top level runs again
  results.push({ code: Number(process.exitCode ?? 0), stdout: stdout(), stderr: stderr() });
}
process.exitCode = withoutError;
write(JSON.stringify(results));
