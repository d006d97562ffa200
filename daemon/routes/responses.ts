import type { z } from "zod";
import { Failure } from "../../lib/schema/failure.ts";
import { failure } from "./examples.ts";

/** A body of JSON, with an example of one. */
export const json = <Schema extends z.ZodType>(schema: Schema, description: string, example?: z.output<Schema>) => ({
  description,
  content: { "application/json": { schema, ...(example !== undefined && { example }) } },
});

/** The errors that any route may answer with. */
export const failures = {
  400: json(Failure, "The request is not valid", failure.invalid),
  401: json(Failure, "It needs a token, or another one"),
  403: json(Failure, "Policy, the token's scopes or the browser's origin refuse it"),
  413: json(Failure, "The body is too large"),
  429: json(Failure, "Too much at once; Retry-After says when to try again, in seconds"),
  500: json(Failure, "A bug; the log has the details"),
  503: json(Failure, "Not ready: credentials, Podman, the disk or the daemon's end"),
} as const;

/** For a route that is about one thing. */
export const missing = { 404: json(Failure, "There is no such thing", failure.missing) } as const;

/** For a route that changes something. */
export const conflict = { 409: json(Failure, "It does not fit what is there, or what goes on") } as const;

/** For a route that asks a registry. */
export const registryFailures = { 502: json(Failure, "A registry did not give what was asked for") } as const;
