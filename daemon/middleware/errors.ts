import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";
import { storageFailure, StromboliError, type ErrorCode } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { issuesOf } from "../../lib/schema/issues.ts";
import type { Failure } from "../../lib/schema/failure.ts";

/** Turns whatever was thrown into the one error shape; what is not a StromboliError is a bug and says nothing. */
export const answerError = (log: Log) => (thrown: Error, c: Context) => {
  const error = toStromboliError(thrown);
  if (["internal", "storage_failed", "database_damaged"].includes(error.code))
    log.error({ request: requestIdOf(c), err: thrown }, error.message);
  for (const [name, value] of Object.entries(error.headers)) c.header(name, value);
  return c.json(failureOf(error, { path: c.req.path, requestId: requestIdOf(c) }), error.status);
};

/** The body of an error; callers of /run find the fields there that they know from its answers. */
export const failureOf = (
  error: StromboliError,
  { path, requestId }: { path: string; requestId: string },
): Failure => ({
  ...(/^\/(run|jobs)(\/|$)/.test(path) && { id: "" as const, status: "error" as const }),
  ...(/^\/(secrets|sessions)(\/|$)/.test(path) && { success: false as const }),
  error: error.message,
  code: error.code,
  request_id: requestId,
  ...(error.issues.length > 0 && { details: [...error.issues] }),
});

export const toStromboliError = (thrown: unknown): StromboliError => {
  if (thrown instanceof StromboliError) return thrown;
  if (thrown instanceof HTTPException)
    return new StromboliError(codeOf(thrown.status), thrown.message || "the request is not valid");
  return storageFailure(thrown) ?? new StromboliError("internal", "internal error", { cause: thrown });
};

/** For routes: what does not fit its schema is refused in the one error shape. */
export const refuseInvalid = (result: { success: true } | { success: false; error: z.core.$ZodError }): void => {
  if (!result.success) throw invalidRequest(result.error);
};

/** What zod found wrong, as one sentence and as a list. */
export const invalidRequest = (error: z.core.$ZodError): StromboliError => {
  const issues = issuesOf(error, () => "unknown field");
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new StromboliError(
    "invalid_request",
    first ? `${first.path || "the body"}: ${first.message}${more}` : "the request is not valid",
    { issues },
  );
};

const codeOf = (status: number): ErrorCode =>
  status === 413 ? "payload_too_large" : status === 404 ? "not_found" : status < 500 ? "invalid_request" : "internal";

const requestIdOf = (c: Context): string => (c.get("requestId") as string | undefined) ?? ""; // set by identify before all else
