import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_NETWORK_TRANSPORT,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from "@opentelemetry/semantic-conventions";
import type { Span } from "./span.ts";
import type { Answered } from "./traces.ts";

type Times = Pick<Span, "place" | "startMs" | "endMs"> & { parent: Span["parent"] | undefined };

/** The span of a request that is answered. Its query is left out, and so is a path that is none of ours. Pure. */
export const requestSpan = ({ parent, ...times }: Times, answered: Answered): Span => {
  const { method, route, path, via, status, requestId, job } = answered;
  const isKnown = method !== "other";
  const failed = status >= 500;
  return {
    ...times,
    ...(parent && { parent }),
    name: [isKnown ? method : "HTTP", ...(route === undefined ? [] : [route])].join(" "),
    kind: "server",
    failed,
    attributes: {
      [ATTR_HTTP_REQUEST_METHOD]: isKnown ? method : "_OTHER",
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
      [ATTR_URL_SCHEME]: "http",
      [ATTR_NETWORK_TRANSPORT]: via,
      "stromboli.request.id": requestId,
      ...(route !== undefined && { [ATTR_HTTP_ROUTE]: route, [ATTR_URL_PATH]: path }),
      ...(job !== undefined && { "stromboli.job.id": job }),
      ...(failed && { [ATTR_ERROR_TYPE]: String(status) }),
    },
  };
};
