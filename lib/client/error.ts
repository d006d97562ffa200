/**
 * What the daemon refused, by its own code, or what kept it from answering: `unreachable`, `connection_lost`,
 * `unsafe_socket`, `no_socket` or `unexpected_answer`.
 */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /** Stable; docs/clients.md has those of the client, and the API's document the daemon's. */
  readonly code: string;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;
  readonly requestId: string | undefined;
  /** What does not fit in a request, place by place. */
  readonly details: readonly { path: string; message: string }[];

  constructor(code: string, message: string, { cause, status, requestId, details = [] }: ClientErrorOptions = {}) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.requestId = requestId;
    this.details = details;
  }
}

type ClientErrorOptions = {
  cause?: unknown;
  status?: number;
  requestId?: string;
  details?: readonly { path: string; message: string }[];
};

/** Whether a daemon is being stopped, or there is only a proxy in front of none: worth trying again. */
export const isAway = (error: unknown): boolean =>
  error instanceof ClientError &&
  (error.code === "shutting_down" ||
    (error.code === "unexpected_answer" && [502, 503, 504].includes(error.status ?? 0)));

/** Whether nobody answers, as opposed to somebody who answers badly. */
export const isUnreachable = (error: unknown): boolean => {
  if (error instanceof ClientError) return error.code === "unreachable";
  if (error instanceof TypeError) return /fetch|network|terminated|load failed/i.test(error.message); // all that fetch says, each in its words
  return error instanceof Error && "code" in error && unreachable.has(String(error.code));
};

const unreachable = new Set(
  "ECONNREFUSED ECONNRESET ENOENT ENOTSOCK EACCES EPIPE ETIMEDOUT ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH".split(
    " ",
  ),
);
