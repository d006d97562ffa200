import { execa } from "execa";
import { StromboliError } from "../errors.ts";

export type Result = { exitCode: number; stdout: string; stderr: string };
/** Open files of ours; `extra` go to descriptors 3 and on. */
export type Files = { stdin: number; stdout: number; stderr: number; extra: readonly number[] };
export type CallOptions = {
  signal?: AbortSignal | undefined;
  timeoutMs?: number;
  /** An open file of ours that the command reads. */
  stdin?: number;
  /** Variables beside the usual ones. */
  env?: Readonly<Record<string, string>>;
  /** Throws away what the command prints and says: somebody else decides how much that is. */
  deaf?: boolean;
  /** Takes what the command prints, as it comes, instead of keeping it for the result. */
  onBytes?: (bytes: Uint8Array) => void;
  /** Hears each line that the command says on stderr, as it comes. */
  onLine?: (line: string) => void;
};
export type Podman = ReturnType<typeof createPodman>;

const defaultTimeoutMs = 60_000;
/** As long as a `podman run` may take. */
export const startTimeoutMs = 120_000;

/** The only module that starts processes. `env` is all that Podman gets to see of the daemon's environment. */
export const createPodman = ({ binary, env }: { binary: string; env: Readonly<Record<string, string>> }) => {
  // No cleanup by execa: its signal handlers would end the daemon at SIGTERM, before it has put its house in order.
  const options = {
    env,
    extendEnv: false,
    cwd: "/",
    reject: false,
    forceKillAfterDelay: 5000,
    cleanup: false,
  } as const;

  const call = async (
    argv: readonly string[],
    { signal, timeoutMs = defaultTimeoutMs, stdin, env: more, deaf, onBytes, onLine }: CallOptions = {},
  ): Promise<Result> => {
    const result = await execa(binary, argv, {
      ...options,
      env: { ...env, ...more },
      ...(onBytes && { stdout: swallow(onBytes) }),
      ...(deaf && { stdout: "ignore", stderr: "ignore" }),
      ...(onLine && { stderr: overhear(onLine) }),
      stdin: stdin === undefined ? "ignore" : (stdin as 0), // execa's types know no other descriptors; spawn does
      ...(timeoutMs > 0 && { timeout: timeoutMs }),
      ...(signal && { cancelSignal: signal }),
    });
    return { exitCode: exitCodeOf(argv, result), stdout: textOf(result.stdout), stderr: textOf(result.stderr) };
  };

  return {
    /** Runs a command to its end, however it exits. A timeout of 0 means none. */
    call,

    /** The stdout of a command that has to succeed. */
    async output(argv: readonly string[], callOptions: CallOptions = {}): Promise<string> {
      const { exitCode, stdout, stderr } = await call(argv, callOptions);
      if (exitCode !== 0) throw new StromboliError("podman_failed", `podman ${argv[0]} failed: ${lastLine(stderr)}`);
      return stdout;
    },

    /** The lines that a command prints, as they come, until it ends or `signal` aborts. */
    async *lines(argv: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
      yield* execa(binary, argv, {
        ...options,
        stdin: "ignore",
        stderr: "ignore",
        buffer: false,
        cancelSignal: signal,
      });
    },

    /** Runs a command whose standard streams are open files of ours; the container inherits them. */
    async withFiles(argv: readonly string[], files: Files): Promise<number> {
      const stdio = [files.stdin, files.stdout, files.stderr, ...files.extra] as [0, 1, 2]; // execa's types know no other descriptors; spawn does
      const result = await execa(binary, argv, { ...options, stdio, timeout: startTimeoutMs });
      return exitCodeOf(argv, result);
    },
  };
};

const textOf = (heard: string | undefined): string => heard ?? "";

const swallow = (take: (bytes: Uint8Array) => void) => ({
  *transform(chunk: unknown) {
    take(chunk as Uint8Array); // what binary transforms are given
    yield* [] as Uint8Array[];
  },
  binary: true as const,
});

const overhear = (hear: (line: string) => void) =>
  function* (line: unknown) {
    hear(String(line));
    yield line;
  };

type Failure = {
  code?: string | undefined;
  signal?: string | undefined;
  isCanceled: boolean;
  timedOut: boolean;
};

/** Podman ends with 0 when it is told to go, so the exit code alone does not tell that it was given up. */
const exitCodeOf = (argv: readonly string[], result: Failure & { exitCode?: number | undefined }): number => {
  if (result.isCanceled || result.timedOut || result.exitCode === undefined) throw notRun(argv, result);
  return result.exitCode;
};

/** Never with the command's own words: its arguments hold what callers asked for. */
const notRun = (argv: readonly string[], result: Failure) => {
  if (result.isCanceled) return new StromboliError("shutting_down", `podman ${argv[0]} was given up`);
  return new StromboliError("podman_unusable", `podman ${argv[0]} could not be run: ${whyNot(result)}`);
};

const whyNot = ({ code, signal, timedOut }: Failure): string => {
  if (code === "ENOENT") return "it is not installed; run bin/setup";
  return timedOut ? "it did not answer in time" : `it ended with ${signal ?? code ?? "no exit code"}`;
};

/** Podman says what went wrong in its last line, behind warnings and an `Error: `. */
export const lastLine = (text: string): string =>
  text
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^Error: /, "")
    .slice(0, 500) ?? "";
