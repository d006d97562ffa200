import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { json } from "node:stream/consumers";
import type { Owner } from "./harness.ts";

type Value = { stringValue?: string; intValue?: number; doubleValue?: number };
export type ReceivedSpan = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  attributes: { key: string; value: Value }[];
  status: { code: number };
};
type Message = {
  resourceSpans: {
    resource: { attributes: ReceivedSpan["attributes"] };
    scopeSpans: { spans: ReceivedSpan[] }[];
  }[];
};

/** A receiver of OTLP/HTTP on loopback. */
export const startSpanReceiver = async (t: Owner) => {
  const messages: Message[] = [];
  const headers: Record<string, unknown>[] = [];
  const server = createServer((request, response) => {
    const receive = async () => {
      const message = await json(request);
      if (request.url !== "/v1/traces") return response.writeHead(404).end();
      messages.push(message as Message);
      headers.push(request.headers);
      return response.writeHead(200, { "content-type": "application/json" }).end("{}");
    };
    void receive();
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // TCP and listening: never null, never a pipe
    messages,
    headers,
    /** All spans of a trace, as often as they have come. */
    spansOf: (traceId: string): ReceivedSpan[] =>
      messages
        .flatMap(({ resourceSpans }) =>
          resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
        )
        .filter((span) => span.traceId === traceId),
  };
};

/** The names of spans from the one below a parent on, each with those below it, in the order of their names. */
export const treeOf = (spans: readonly ReceivedSpan[], parent: string): unknown[] =>
  spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, spanId }) => {
      const below = treeOf(spans, spanId);
      return below.length === 0 ? name : [name, below];
    });

export const valueOf = ({ attributes }: Pick<ReceivedSpan, "attributes">, key: string): unknown => {
  const { value } = attributes.find((attribute) => attribute.key === key) ?? {};
  return value && Object.values(value)[0];
};
