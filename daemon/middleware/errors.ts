import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";
import { storageFailure, StromboliError, type ErrorCode, type Issue } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import type { Failure } from "../../lib/schema/failure.ts";

/** Turns whatever was thrown into the one error shape; what is not a StromboliError is a bug and says nothing. */
export const answerError = (log: Log) => (thrown: Error, c: Context) => {
  const error = toStromboliError(thrown);
  if (error.code === "internal" || error.code === "storage_failed")
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
  const issues = error.issues.flatMap(toIssues);
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new StromboliError(
    "invalid_request",
    first ? `${first.path || "the body"}: ${first.message}${more}` : "the request is not valid",
    { issues },
  );
};

const toIssues = (issue: z.core.$ZodIssue): Issue[] => {
  const path = issue.path.map(String).join(".");
  if (issue.code === "invalid_key")
    return [{ path, message: `the name ${issue.issues[0]?.message ?? "is not valid"}` }];
  if (issue.code !== "unrecognized_keys")
    return [{ path, message: issue.message.replace(/^Invalid input: .* received undefined$/, "is missing") }];
  return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: "unknown field" }));
};

const codeOf = (status: number): ErrorCode =>
  status === 413 ? "payload_too_large" : status === 404 ? "not_found" : status < 500 ? "invalid_request" : "internal";

const requestIdOf = (c: Context): string => (c.get("requestId") as string | undefined) ?? ""; // set by identify before all else
