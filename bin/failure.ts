/** What ends a command: one line for the user and the exit code that `stromboli --help` lists. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: number;
  /** The daemon's own word for what it answered. */
  readonly code: string | undefined;

  constructor(message: string, exitCode: number, code?: string) {
    super(message);
    this.exitCode = exitCode;
    this.code = code;
  }
}

export const exitCodes = {
  failed: 1,
  usage: 2,
  unreachable: 69,
  internal: 70,
  config: 78,
  timedOut: 124,
  interrupted: 130,
  killed: 137,
  brokenPipe: 141,
} as const;
