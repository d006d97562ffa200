import { finished } from "node:stream/promises";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { messageOf } from "../../lib/errors.ts";
import { listenForInterrupts } from "../interrupts.ts";
import { say } from "../print.ts";
import { createConnect } from "./connect.ts";
import { createServer } from "./server.ts";

/** Serves the tools on standard input and output until the client closes them or a signal comes. */
export const serveTools = async (env: NodeJS.ProcessEnv): Promise<void> => {
  if (process.stdin.isTTY) say("this is for programs, see stromboli mcp --help; Ctrl-C ends it");
  const { first: leaving } = listenForInterrupts(); // for good: runs that somebody waited for are cancelled after the end
  const connect = createConnect(env);
  const connection = serveStdio(() => createServer(connect), { onerror: (error) => say(messageOf(error)) });
  await finished(process.stdin, { writable: false, signal: leaving }).catch(() => {}); // however it ended
  await connection.close();
};
