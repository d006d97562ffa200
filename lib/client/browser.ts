import type { Connection } from "./ask.ts";
import { Client } from "./client.ts";
import { ClientError } from "./error.ts";

export * from "./exports.ts";

/** The client as bundlers for browsers find it: it needs nothing of Node's, and a `url`. */
export class Stromboli extends Client {
  constructor(connection: Connection = {}) {
    super(connection, refuseSocket);
  }
}

const refuseSocket = (): never => {
  throw new ClientError("no_socket", "there are no unix sockets here; give the daemon's url as http(s)://host:port");
};
