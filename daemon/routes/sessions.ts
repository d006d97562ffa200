import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Conversations } from "../../lib/conversations.ts";
import {
  MessageFound,
  MessagePage,
  MessageQuery,
  SessionList,
  SessionQuery,
  SessionRemoved,
} from "../../lib/schema/session.ts";
import * as example from "./examples.ts";
import { conflict, failures, json, missing } from "./responses.ts";
import { createRouter } from "./router.ts";

const params = z.object({ id: z.string().toLowerCase().describe("Id of a session.") });
const messageParams = params.extend({ message_id: z.string().describe("The uuid of a message.") });

const list = createRoute({
  method: "get",
  path: "/sessions",
  operationId: "listSessions",
  tags: ["sessions"],
  summary: "Sessions, used last first",
  description:
    "The caller's own, an admin's: all. Sizes are measured once after each run, which the first time takes up to five seconds.",
  request: { query: SessionQuery },
  responses: {
    200: json(SessionList, "All of them, or those whose ids begin so", {
      sessions: [example.sessionId],
      details: [example.session],
    }),
    ...failures,
  },
});

const remove = createRoute({
  method: "delete",
  path: "/sessions/{id}",
  operationId: "removeSession",
  tags: ["sessions"],
  summary: "Remove a session with its files and the services that are kept for it",
  description: "Not while a run uses it or waits for it. Its jobs stay, with what they printed.",
  request: { params },
  responses: {
    200: json(SessionRemoved, "It is gone", { success: true, session_id: example.sessionId }),
    ...failures,
    ...missing,
    ...conflict,
  },
});

const messages = createRoute({
  method: "get",
  path: "/sessions/{id}/messages",
  operationId: "listMessages",
  tags: ["sessions"],
  summary: "What was said in a session, oldest first",
  description:
    "Read from the CLI's transcript: all that the user, the agent and its tools said, in every run. A page ends early where messages are long, about 4 MiB in all.",
  request: { params, query: MessageQuery },
  responses: {
    200: json(MessagePage, "A page of messages; none where there is no transcript yet", {
      messages: [example.message],
      total: 1,
      offset: 0,
      limit: 50,
      has_more: false,
    }),
    ...failures,
    ...missing,
  },
});

const message = createRoute({
  method: "get",
  path: "/sessions/{id}/messages/{message_id}",
  operationId: "getMessage",
  tags: ["sessions"],
  summary: "A message of a session",
  request: { params: messageParams },
  responses: { 200: json(MessageFound, "The message", { message: example.message }), ...failures, ...missing },
});

export const sessionRoutes = ({ conversations }: { conversations: Conversations }) =>
  createRouter()
    .openapi(list, async (c) => {
      const { id = "" } = c.req.valid("query");
      return c.json(await conversations.list(c.get("caller"), id, c.req.raw.signal), 200);
    })
    .openapi(remove, async (c) => {
      const { id } = c.req.valid("param");
      await conversations.remove(c.get("caller"), id);
      return c.json({ success: true as const, session_id: id }, 200);
    })
    .openapi(messages, async (c) => {
      const { id } = c.req.valid("param");
      return c.json(await conversations.messages(c.get("caller"), askedOf(c, id), c.req.valid("query")), 200);
    })
    .openapi(message, async (c) => {
      const { id, message_id } = c.req.valid("param");
      return c.json({ message: await conversations.message(c.get("caller"), askedOf(c, id), message_id) }, 200);
    });

const askedOf = (c: Context, id: string) => ({ id, signal: c.req.raw.signal });
