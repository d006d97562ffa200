import { McpServer } from "@modelcontextprotocol/server";
import { version } from "../../lib/version.ts";
import type { Connect } from "./connect.ts";
import { addJobTools, addListTools } from "./read-tools.ts";
import { addRunTools } from "./run-tools.ts";
import { addSessionTools } from "./session-tools.ts";

const instructions =
  "Each run is an agent of its own: Claude Code in a fresh container that sees only what you mount. Give it all it needs to know in the prompt. Mount a folder with podman.volumes, as in /home/me/project:/workspace. Long runs: detach, then watch_job. Long answers are cut, with a word on how to read on.";

/** All tools, for one client. */
export const createServer = (connect: Connect): McpServer => {
  const server = new McpServer({ name: "stromboli", version }, { instructions });
  addRunTools(server, connect);
  addJobTools(server, connect);
  addListTools(server, connect);
  addSessionTools(server, connect);
  return server;
};
