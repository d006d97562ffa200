import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import type { z } from "zod";
import { didYouMean } from "../../lib/did-you-mean.ts";
import { storageFailure, StromboliError, type ErrorCode } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";
import { fieldsAt } from "../../lib/schema/fields.ts";
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

const mostGuesses = 20; // a body has room for a million names

/** What zod found wrong, as one sentence and as a list; with the schema also what an unknown field may be meant to be. */
export const invalidRequest = (error: z.core.$ZodError, schema?: z.ZodType): StromboliError => {
  let guesses = 0;
  const issues = issuesOf(error, (path, key) => {
    if (!schema || guesses++ >= mostGuesses) return "unknown field";
    return `unknown field${didYouMean([...path, key].map(String).join("."), fieldsAt(schema, path))}`;
  });
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
