import { once } from "node:events";
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import type { Config } from "../schema/config.ts";
import { answers, longestSocketPath } from "../socket.ts";
import type { PortFacts, SocketFacts } from "./files.ts";

export const lookAtSocket = async (path: string): Promise<SocketFacts> => {
  const there = lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
  const found = !there ? "none" : (await answers(path)) ? "answers" : "stale";
  return { path, found, longest: longestSocketPath };
};

/** Listens for a moment where nobody does; what the daemon of this state folder has is not tried. */
export const lookAtPort = async (server: Config["server"], state: string, isUp: boolean): Promise<PortFacts> => {
  const note = join(state, "daemon.json");
  if (isUp && existsSync(note)) {
    const { url } = JSON.parse(readFileSync(note, "utf8")) as { url: string }; // the daemon's own file
    return { address: url, ours: true, error: undefined };
  }
  const { host, port } = server;
  const address = `${host}:${port === 0 ? "any free port" : port}`;
  const probe = createServer();
  try {
    await once(probe.listen(port, host), "listening");
    return { address, ours: false, error: undefined };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    return { address, ours: false, error: code };
  } finally {
    probe.close();
  }
};
