import { delimiter, join } from "node:path";
import { execa } from "execa";
import { environmentOf, type Place } from "./place.ts";
import { runEach, type CommandLine } from "./run-each.ts";
import { screenOf } from "./screen.ts";
import { until } from "./wait.ts";

const folder = join(import.meta.dirname, "../../bin");
const launcher = join(folder, "stromboli");
const withinMs = 60_000;

export type CliOptions = { input?: string; env?: NodeJS.ProcessEnv; cwd?: string; columns?: number };

/** `bin/stromboli` as the user of a place types it; `base` says where the daemon is, by itself the place's socket. */
export const createCli = (place: Place, base: NodeJS.ProcessEnv = { STROMBOLI_HOST: `unix://${place.socket}` }) => {
  const common = ({ env = {}, cwd = place.folder }: CliOptions) => ({
    env: environmentOf(place, { TERM: "xterm-256color", SHELL: "/bin/sh", ...base, ...env }),
    extendEnv: false as const,
    cwd,
    reject: false as const,
    stripFinalNewline: false as const,
    timeout: withinMs,
  });

  /** The command as a process: its streams are pipes, and `done` is what came of it. */
  const start = (args: readonly string[], { input = "", ...options }: CliOptions = {}) => {
    const child = execa(launcher, args, { ...common(options), input });
    return {
      kill: (signal: NodeJS.Signals) => child.kill(signal),
      done: child.then(({ exitCode, signal, stdout, stderr }) => ({ code: exitCode ?? signal, stdout, stderr })),
    };
  };

  /** A shell's line with `stromboli` in it on a pseudo-terminal, that of util-linux' `script`. */
  const terminal = (line: string, { columns = 100, ...options }: CliOptions = {}) => {
    const script = `PATH=${folder}${delimiter}$PATH; stty cols ${columns} rows 30; ${line}`;
    const child = execa("script", ["-qec", script, "/dev/null"], {
      ...common(options),
      stdin: "pipe",
      encoding: "buffer",
    });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => void chunks.push(chunk));
    const written = () => Buffer.concat(chunks).toString();
    return {
      /** All that was written to the terminal so far. */
      written,
      type: (keys: string) => child.stdin.write(keys),
      /** Takes the terminal away, as when its window is closed. */
      close: () => child.kill("SIGKILL"),
      shows: (text: string) => until(`${text} on the terminal`, () => written().includes(text)),
      done: child.then(({ exitCode }) => ({ code: exitCode, written: written(), screen: screenOf(written()) })),
    };
  };

  return {
    start,
    run: (...given: Parameters<typeof start>) => start(...given).done,
    runEach: (lines: readonly CommandLine[]) => runEach(lines, common({})),
    terminal,
  };
};

/** The words of a command as a shell takes them. */
export const quoted = (...words: readonly string[]) =>
  words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
