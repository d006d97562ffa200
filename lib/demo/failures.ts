import type { IncomingHttpHeaders } from "node:http";
import type { MessagesRequest } from "./request.ts";

export type ErrorDetails = { type?: string; message?: string; retryAfter?: string };

/** An answer that is an error, in the API's own terms. */
export type Failure = ErrorDetails & { status: number; type: string; message: string };

/** What the API says to a request before it thinks about an answer, or undefined. */
export const refusal = (headers: IncomingHttpHeaders, body: MessagesRequest): Failure | undefined => {
  if (headers["x-api-key"] === "sk-bad" || headers.authorization === "Bearer sk-bad") {
    return toFailure(401, { message: "invalid x-api-key" });
  }
  if (body.model.startsWith("no-such")) return toFailure(404, { message: `model: ${body.model}` });
  return undefined;
};

export const toFailure = (status: number, details: ErrorDetails = {}): Failure => ({
  status,
  type: types[status] ?? "api_error",
  message: messages[status] ?? `scripted failure ${status}`,
  ...details,
});

export const toErrorBody = ({ type, message }: Pick<Failure, "type" | "message">, id: string) => ({
  type: "error",
  error: { type, message },
  request_id: `req_${id}`,
});

const types: Record<number, string> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

const messages: Record<number, string> = {
  500: "Internal server error",
  529: "Overloaded",
};
