import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import type { App } from "./app.ts";

/**
 * For how long a client may keep the daemon busy with asking. Answers have no limit: a run may take days. The headers are
 * small and come at once; a body of 10 MiB comes within a minute at 1.4 Mbit/s. Who is slower gets 408, and who sends
 * headers above 16 KiB, the address with its query included, 431.
 */
export const requestLimits = {
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5000,
  keepAliveTimeout: 5000,
  maxHeaderSize: 16 * 1024,
};

/** The API behind one listener. It does not listen yet. */
export const serve = (app: App, via: "unix" | "tcp", limits = requestLimits): Server => {
  const answer = getRequestListener((request, env) => {
    const { remoteAddress: peer = "" } = env.incoming.socket;
    return app.fetch(request, { ...env, via, peer });
  });
  return createServer(limits, (request, response) => void answer(request, response));
};
