import type { z } from "zod";
import { Failure } from "../../lib/schema/failure.ts";

export const json = <Schema extends z.ZodType>(schema: Schema, description: string) => ({
  description,
  content: { "application/json": { schema } },
});

/** The errors that any route may answer with. */
export const failures = {
  400: json(Failure, "The request is not valid"),
  401: json(Failure, "It needs a token, or another one"),
  403: json(Failure, "Policy refuses it"),
  404: json(Failure, "There is no such thing"),
  409: json(Failure, "It conflicts with a run or a session"),
  413: json(Failure, "The body is too large"),
  500: json(Failure, "A bug; the log has the details"),
  429: json(Failure, "Too much at once; Retry-After says when to try again, in seconds"),
  416: json(Failure, "There are no such bytes"),
  502: json(Failure, "A registry did not give what was asked for"),
  503: json(Failure, "Not ready: credentials, Podman or the daemon's end"),
} as const;
