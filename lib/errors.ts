/**
 * Every failure a caller can act on: the HTTP status it becomes, the exit code of the CLI, and what to do about it.
 * Anything else that is thrown is a bug: logged with its stack, answered 500 without details.
 */
const table = {
  invalid_request: { status: 400, exit: 2, hint: "" },
  image_incompatible: { status: 400, exit: 2, hint: "" },
  compose_invalid: { status: 400, exit: 2, hint: "docs/environments.md says what a compose file may say" },
  secret_not_found: { status: 400, exit: 2, hint: "create it with: stromboli secrets create NAME" },
  unauthorized: { status: 401, exit: 77, hint: "" },
  forbidden: { status: 403, exit: 77, hint: "" },
  host_not_allowed: { status: 403, exit: 77, hint: "use a loopback name, or add the name to server.allowed_hosts" },
  origin_not_allowed: { status: 403, exit: 77, hint: "add the origin to server.cors_origins if you trust it" },
  volume_not_allowed: { status: 403, exit: 77, hint: "" },
  volume_changed: { status: 403, exit: 77, hint: "" },
  image_not_allowed: { status: 403, exit: 77, hint: "" },
  limit_exceeded: { status: 403, exit: 77, hint: "ask for less, or raise the ceiling" },
  network_not_allowed: { status: 403, exit: 77, hint: "ask for another one, or add it there" },
  writable_root_not_allowed: {
    status: 403,
    exit: 77,
    hint: "drop read_only: false, or set policy.writable_root: true",
  },
  not_found: { status: 404, exit: 1, hint: "" },
  job_not_found: { status: 404, exit: 1, hint: "" },
  delivery_not_found: { status: 404, exit: 1, hint: "" },
  session_not_found: { status: 404, exit: 1, hint: "" },
  message_not_found: { status: 404, exit: 1, hint: "" },
  image_not_found: { status: 404, exit: 1, hint: "" },
  secret_missing: { status: 404, exit: 1, hint: "" },
  token_not_found: { status: 404, exit: 1, hint: "" },
  secret_exists: { status: 409, exit: 1, hint: "remove it first with: stromboli secrets rm NAME" },
  secret_in_use: { status: 409, exit: 1, hint: "try again when it has ended, or cancel it" },
  token_exists: { status: 409, exit: 1, hint: "revoke it first with: stromboli token revoke NAME" },
  session_exists: { status: 409, exit: 1, hint: "pass resume: true to continue it" },
  session_in_use: { status: 409, exit: 1, hint: "try again when that run has ended" },
  job_ended: { status: 409, exit: 1, hint: "" },
  idempotency_mismatch: { status: 409, exit: 1, hint: "use another key for another request" },
  daemon_running: { status: 409, exit: 1, hint: "" },
  range_not_satisfiable: { status: 416, exit: 2, hint: "" },
  rate_limited: { status: 429, exit: 69, hint: "" },
  too_many_jobs: { status: 429, exit: 69, hint: "try again when some have ended" },
  payload_too_large: { status: 413, exit: 2, hint: "" },
  registry_denied: {
    status: 502,
    exit: 78,
    hint: "check the name, or log in where the daemon runs, with: podman login REGISTRY",
  },
  registry_unreachable: { status: 502, exit: 69, hint: "" },
  registry_failed: { status: 502, exit: 69, hint: "" },
  internal: { status: 500, exit: 70, hint: "the daemon's log has the details" },
  auth_not_configured: {
    status: 503,
    exit: 78,
    hint: "set auth.jwt_secret to at least 32 random bytes, or use the API token itself",
  },
  no_credentials: { status: 503, exit: 78, hint: "" },
  podman_unusable: { status: 503, exit: 69, hint: "" },
  podman_failed: { status: 503, exit: 69, hint: "" },
  start_failed: { status: 503, exit: 69, hint: "" },
  queue_full: { status: 503, exit: 69, hint: "try again later, or raise jobs.max_queued" },
  storage_failed: { status: 503, exit: 69, hint: "make room or make it writable; Stromboli then goes on by itself" },
  database_damaged: { status: 503, exit: 69, hint: "stromboli doctor says what is wrong and what to do" },
  disk_full: { status: 503, exit: 69, hint: "remove images with: podman image prune, or lower podman.keep_free" },
  shutting_down: { status: 503, exit: 69, hint: "" },
  config_invalid: { status: 500, exit: 78, hint: "" },
} as const;

export type ErrorCode = keyof typeof table;
export const errorCodes = Object.keys(table) as ErrorCode[]; // keys of a const object are its literal keys

type Row = { status: number; exit: number; hint: string };
export const rowOf = (code: ErrorCode): Row => table[code];

/** One place in a request or a configuration file that does not fit. */
export type Issue = { path: string; message: string };

type ErrorOptions = { cause?: unknown; issues?: readonly Issue[]; headers?: Readonly<Record<string, string>> };

export class StromboliError extends Error {
  override readonly name = "StromboliError";
  readonly code: ErrorCode;
  readonly issues: readonly Issue[];
  /** What an answer over HTTP says beside it. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    const { hint } = table[code];
    super(hint ? `${message}; ${hint}` : message, { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
    this.headers = options.headers ?? {};
  }

  get status() {
    return table[this.code].status;
  }

  get exitCode() {
    return table[this.code].exit;
  }
}

/** The exit code of the CLI for an error that came over HTTP; an unknown code is a plain failure. */
export const exitCodeOf = (code: string): number => (Object.hasOwn(table, code) ? table[code as ErrorCode].exit : 1);

/** A disk that is full, read-only or broken is no bug of ours, and shows in many ways. */
export const storageFailure = (thrown: unknown): StromboliError | undefined => {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  if (code.startsWith("SQLITE_CORRUPT"))
    return new StromboliError("database_damaged", "the database is damaged", { cause: thrown });
  if (/^(SQLITE_(FULL|READONLY|IOERR|CANTOPEN)|ENOSPC|EROFS|EDQUOT|EIO)/.test(code))
    return new StromboliError("storage_failed", "the state folder cannot be written to", { cause: thrown });
  return undefined;
};

/** Whether a row could not be written because another has its name. */
export const isTaken = (error: unknown): boolean =>
  error instanceof Error && "code" in error && error.code === "SQLITE_CONSTRAINT_UNIQUE";

/** The same for a job of somebody else's: who may not see it is not to know that it is there. */
export const jobNotFound = (id: string): StromboliError => new StromboliError("job_not_found", `there is no job ${id}`);

/** For `catch`: a file that is not there is nothing, any other failure is one. */
export const unlessMissing = (error: unknown): undefined => {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
};

/** The text of anything that was thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
