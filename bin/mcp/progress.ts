import type { ServerContext } from "@modelcontextprotocol/server";
import { eventsOf, type AgentEvent } from "../../lib/agent/events.ts";
import type { JobEvent } from "../follow.ts";
import { commandOf, gist, phases, retrying } from "../phase.ts";

/** Clients give up on a call that says nothing for a while; many take progress for a sign of life. */
const signOfLifeMs = 15_000;
const longestMessage = 300;

/** Tells a client that asked for it how a job goes on. */
export const createProgress = ({ mcpReq: { _meta, notify } }: Pick<ServerContext, "mcpReq">) => {
  const progressToken = _meta?.progressToken;
  if (progressToken === undefined) return { see: () => {}, [Symbol.dispose]: () => {} };
  let progress = 0;
  let latest = "waiting";
  const tell = (message: string): void => {
    progress += 1;
    latest = message;
    const params = { progressToken, progress, message };
    notify({ method: "notifications/progress", params }).catch(() => {}); // the client has gone, which ends the call anyway
  };
  const timer = setInterval(() => tell(latest), signOfLifeMs).unref();
  return {
    see: (event: JobEvent): void => {
      for (const message of messagesOf(event)) tell(message.slice(0, longestMessage));
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
};

/** What an event of a job means to who waits for its end. Pure. */
const messagesOf = ({ type, data }: JobEvent): string[] => {
  if (type === "status") return statusMessages(data);
  if (type === "hook") return [commandOf(data) ?? []].flat();
  return type === "output" ? eventsOf(data).flatMap(messageOf) : [];
};

const statusMessages = (data: string): string[] => {
  const phase = phases[(JSON.parse(data) as { status: string }).status]; // the daemon's own
  return phase === undefined ? [] : [phase];
};

const messageOf = (event: AgentEvent): string[] => {
  if (event.kind === "init") return ["thinking"];
  if (event.kind === "tool") return [`${event.name} ${gist(event.input)}`.trim()];
  if (event.kind === "retry") return [retrying(event)];
  return event.kind === "text" ? [event.text.trim()].filter((text) => text !== "") : [];
};
