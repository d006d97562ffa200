import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { z } from "zod";
import { createScriptedModel, type ScriptedModelOptions } from "../../lib/demo/model.ts";

/** The scripted model on a loopback port, asked the way the CLI asks it. */
export const startModel = async (t: TestContext, options: ScriptedModelOptions = { fallback: "echo" }) => {
  const server = createServer(createScriptedModel(options)).listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // TCP and listening: never null, never a pipe
  const url = `http://127.0.0.1:${port}`;

  const post = (body: unknown, init: RequestInit = {}) =>
    fetch(`${url}/v1/messages?beta=true`, { method: "POST", body: JSON.stringify(body), ...init });

  return {
    url,
    post,
    /** The whole answer, as one JSON message. */
    ask: async (messages: string | Message[], more: object = {}) => {
      const response = await post({ model: "claude", messages: toMessages(messages), tools, ...more });
      return Answer.parse(await response.json());
    },
    /** The raw text of a streamed answer. */
    stream: async (messages: string | Message[], more: object = {}) => {
      const response = await post({ model: "claude", stream: true, messages: toMessages(messages), tools, ...more });
      return response.text();
    },
  };
};

export type Message = { role: string; content: string | object[] };

export const user = (...content: (string | object)[]): Message => ({
  role: "user",
  content: content.map((block) => (typeof block === "string" ? { type: "text", text: block } : block)),
});

export const assistant = (...content: object[]): Message => ({ role: "assistant", content });

export const result = (output: string, more: object = {}) => ({ type: "tool_result", content: output, ...more });

/** The events of a stream, parsed. */
export const events = (stream: string) =>
  Array.from(stream.matchAll(/^data: (.*)$/gm), ([, data = ""]) => StreamEvent.parse(JSON.parse(data)));

export const textOf = ({ content }: z.output<typeof Answer>): string =>
  content.flatMap(({ text }) => text ?? []).join("\n");

const tools = [{ name: "Bash" }];

const toMessages = (messages: string | Message[]) =>
  typeof messages === "string" ? [{ role: "user", content: messages }] : messages;

const Block = z.object({
  type: z.string(),
  id: z.string().optional(),
  text: z.string().optional(),
  thinking: z.string().optional(),
  name: z.string().optional(),
  input: z.record(z.string(), z.unknown()).optional(),
});

const Answer = z.object({ content: z.array(Block), stop_reason: z.string(), usage: z.record(z.string(), z.number()) });

const StreamEvent = z.looseObject({
  type: z.string(),
  delta: z.looseObject({ text: z.string().optional(), partial_json: z.string().optional() }).optional(),
});
