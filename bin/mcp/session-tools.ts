import type { McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";
import { jsonOf } from "../client.ts";
import { patiently } from "../../lib/client/patience.ts";
import { answer, cut, telling } from "./answers.ts";
import type { Connect } from "./connect.ts";
import { messageText, pageOf } from "./conversation.ts";

const SessionId = z.string().toLowerCase().describe("Id of a session.");
const annotations = { readOnlyHint: true };
const pageSize = "50";

/** Tools that read what was said in sessions. */
export const addSessionTools = (server: McpServer, connect: Connect): void => {
  server.registerTool(
    "read_session",
    {
      title: "Read a conversation",
      description:
        "What user, agent and its tools said in a session, in all of its runs, oldest first; long messages are cut.",
      inputSchema: z.strictObject({
        session_id: SessionId,
        offset: z.int().nonnegative().default(0).describe("How many messages to pass over."),
      }),
      annotations,
    },
    ({ session_id: id, offset }) =>
      telling(async () => {
        const client = await connect();
        const asked = { param: { id }, query: { offset: String(offset), limit: pageSize } };
        const page = await patiently(async () => jsonOf(await client.sessions[":id"].messages.$get(asked)));
        const { text, next } = pageOf({ ...page, offset });
        return answer({ session_id: id, total: page.total, ...(next !== undefined && { next_offset: next }) }, text);
      }),
  );
  server.registerTool(
    "read_message",
    {
      title: "Read a message",
      description: "A message of a session in full, for one that read_session has cut.",
      inputSchema: z.strictObject({
        session_id: SessionId,
        message_id: z.string().describe("As read_session names it."),
        offset: z.int().nonnegative().default(0).describe("From this character on."),
      }),
      annotations,
    },
    ({ session_id: id, message_id, offset }) =>
      telling(async () => {
        const client = await connect();
        const param = { id, message_id };
        const read = async () => jsonOf(await client.sessions[":id"].messages[":message_id"].$get({ param }));
        const { message } = await patiently(read);
        const { text, next } = cut(messageText(message), offset);
        return answer({ message_id, type: message.type, ...(next !== undefined && { next_offset: next }) }, text);
      }),
  );
};
