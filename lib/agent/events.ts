/**
 * What the CLI's stream-json lines mean to someone who watches. Plain narrowing, no zod: the terminal client reads
 * these too and must start fast. Lines of other types come with every new version of the CLI and are passed over.
 */
export type AgentEvent =
  | { kind: "init"; sessionId: string; model: string }
  | { kind: "begin" }
  | { kind: "delta"; text: string }
  | { kind: "text"; text: string }
  | { kind: "tool"; name: string; input: unknown }
  | { kind: "retry"; attempt: number; max: number; error: string }
  | { kind: "usage"; outputTokens: number }
  | { kind: "result" };

type Fields = Readonly<Record<string, unknown>>;

/** The events of one line, in order; none for a line that is not JSON or says nothing to a watcher. */
export const eventsOf = (line: string): AgentEvent[] => {
  const fields = parse(line);
  if (fields["parent_tool_use_id"]) return []; // a subagent talks to the agent, not to us
  switch (fields["type"]) {
    case "system":
      return systemEvents(fields);
    case "stream_event":
      return deltaEvents(object(fields["event"]));
    case "assistant":
      return array(object(fields["message"])["content"]).flatMap((block) => blockEvents(object(block)));
    case "result":
      return [{ kind: "result" }];
    default:
      return [];
  }
};

const systemEvents = (fields: Fields): AgentEvent[] => {
  if (fields["subtype"] === "init")
    return [{ kind: "init", sessionId: text(fields["session_id"]), model: text(fields["model"]) }];
  if (fields["subtype"] !== "api_retry") return [];
  return [
    {
      kind: "retry",
      attempt: Number(fields["attempt"]),
      max: Number(fields["max_retries"]),
      error: text(fields["error"]),
    },
  ];
};

const deltaEvents = (event: Fields): AgentEvent[] => {
  if (event["type"] === "message_start") return [{ kind: "begin" }]; // once more when the one before broke off
  const delta = object(event["delta"]);
  if (delta["type"] === "text_delta") return [{ kind: "delta", text: text(delta["text"]) }];
  const tokens = object(event["usage"])["output_tokens"];
  return event["type"] === "message_delta" && typeof tokens === "number"
    ? [{ kind: "usage", outputTokens: tokens }]
    : [];
};

const blockEvents = (block: Fields): AgentEvent[] => {
  if (block["type"] === "text") return [{ kind: "text", text: text(block["text"]) }];
  return block["type"] === "tool_use" ? [{ kind: "tool", name: text(block["name"]), input: block["input"] }] : [];
};

const parse = (line: string): Fields => {
  try {
    return object(JSON.parse(line));
  } catch {
    return {};
  }
};

const object = (value: unknown): Fields => (typeof value === "object" && value !== null ? (value as Fields) : {}); // any object is a record of unknowns
const array = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === "string" ? value : "");
