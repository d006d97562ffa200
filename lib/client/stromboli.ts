import type { Connection } from "./ask.ts";
import { Client } from "./client.ts";
import { overSocket } from "./socket.ts";

export * from "./exports.ts";

/** A client of a daemon. Nothing is connected before something is asked, and nothing has to be closed. */
export class Stromboli extends Client {
  constructor(connection: Connection = {}) {
    super(connection, overSocket);
  }
}
