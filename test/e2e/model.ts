import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { createScriptedModel, type ModelRequest } from "../../lib/demo/model.ts";

/** The scripted model behind the one key that opens it, as the real API is. */
export const startModel = async (key: string) => {
  const requests: ModelRequest[] = [];
  const answer = createScriptedModel({ fallback: "echo", observe: (request) => void requests.push(request) });
  const server = createServer((request, response) => {
    if (keyOf(request) === key) return answer(request, response);
    response.writeHead(401, { "content-type": "application/json" }).end(JSON.stringify(refusal));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  return {
    url: `http://127.0.0.1:${port}`,
    /** All that came with the right key, oldest first. */
    requests,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
};

const keyOf = ({ headers }: IncomingMessage) => headers["x-api-key"] ?? headers.authorization?.replace("Bearer ", "");

const refusal = { type: "error", error: { type: "authentication_error", message: "invalid x-api-key" } };
