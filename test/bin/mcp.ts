import { join } from "node:path";
import type { TestContext } from "node:test";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { createConnect } from "../../bin/mcp/connect.ts";
import { createServer } from "../../bin/mcp/server.ts";

const launcher = join(import.meta.dirname, "../../bin/stromboli");

type CallOptions = { signal?: AbortSignal; onProgress?: (message: string) => void };

/** A client of the tools for the daemon at a URL, in this process. */
export const connectTools = async (t: TestContext, url: string) => {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await createServer(createConnect({ STROMBOLI_HOST: url })).connect(theirs);
  const client = new Client({ name: "test", version: "1" });
  await client.connect(ours);
  t.after(() => client.close());
  return { client, call: callsOf(client) };
};

/** A client of `stromboli mcp` on its standard input and output. */
export const startTools = async (t: TestContext, url: string) => {
  const transport = new StdioClientTransport({
    command: launcher,
    args: ["mcp"],
    env: { PATH: process.env["PATH"] ?? "", STROMBOLI_HOST: url },
    stderr: "pipe",
  });
  const client = new Client({ name: "test", version: "1" });
  await client.connect(transport);
  t.after(() => client.close());
  return { client, transport, call: callsOf(client) };
};

/** What comes of a call: its texts, and the last of them as the JSON that it is where all went well. */
const callsOf =
  (client: Client) =>
  async (name: string, input: object = {}, { signal, onProgress }: CallOptions = {}) => {
    const { content, isError = false } = await client.callTool(
      { name, arguments: { ...input } },
      { ...(signal && { signal }), ...(onProgress && { onprogress: ({ message = "" }) => onProgress(message) }) },
    );
    const texts = content.map((block) => (block.type === "text" ? block.text : ""));
    return { texts, isError, known: jsonIn(texts.at(-1) ?? "") };
  };

const jsonIn = (text: string): Record<string, unknown> => {
  try {
    return JSON.parse(text) as Record<string, unknown>; // tools tell what they know as an object
  } catch {
    return {};
  }
};
