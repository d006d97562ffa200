import { once } from "node:events";
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname } from "node:path";
import { isOwnFolder } from "../lib/paths.ts";
import { messageOf, StromboliError } from "../lib/errors.ts";
import { answers, longestSocketPath } from "../lib/socket.ts";

/** Listens on a unix socket that only this user can open; takes the place of one that nobody listens on any more. */
export const listenOnSocket = async (server: Server, path: string): Promise<void> => {
  if (Buffer.byteLength(path) > longestSocketPath) {
    throw new StromboliError(
      "config_invalid",
      `the socket path ${path} is longer than ${longestSocketPath} bytes; set server.socket`,
    );
  }
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  if (!isOwnFolder(dirname(path))) {
    throw new StromboliError(
      "config_invalid",
      `others can write to ${dirname(path)}, the socket's folder; set server.socket, or XDG_RUNTIME_DIR to a private folder`,
    );
  }
  if (await answers(path))
    throw new StromboliError("daemon_running", `another daemon listens on ${path}; stop it, or set server.socket`);
  rmSync(path, { force: true });
  await once(server.listen(path), "listening");
  chmodSync(path, 0o600);
};

/** Listens on TCP; the port that it got, which differs when 0 was asked for. */
export const listenOnPort = async (server: Server, { host, port }: { host: string; port: number }): Promise<number> => {
  try {
    await once(server.listen(port, host), "listening");
  } catch (cause) {
    throw new StromboliError(
      "config_invalid",
      `cannot listen on ${host}:${port}: ${messageOf(cause)}; set server.host or server.port`,
      { cause },
    );
  }
  return (server.address() as AddressInfo).port; // TCP and listening: never null, never a pipe
};
