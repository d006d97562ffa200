import { styleText } from "node:util";
import type { RunResponse } from "../lib/schema/job.ts";
import { printable } from "./line.ts";

type Ended = Pick<RunResponse, "outcome" | "error" | "output" | "session_id" | "timings_ms" | "usage">;

/** How a run ended, for a person. The reason is left out where the answer that they have just read is the reason. */
export const closing = (response: Ended, stderr: NodeJS.WriteStream, answerSeen = false): string => {
  const { outcome, error, session_id } = response;
  const good = outcome === "succeeded";
  const mark = styleText(good ? "green" : "red", `${good ? "✔" : "✖"} ${outcome}`, { stream: stderr });
  const known = good || error === undefined || (answerSeen && isReason(response));
  const facts = factsOf(response);
  const session = `session ${session_id}`;
  const length = `✔ ${outcome} ${facts} · ${session}`.length; // a line that wraps would break the id, which is there to be copied
  const wraps = stderr.isTTY && length > stderr.columns;
  const end = wraps ? `${dim(facts, stderr)}\n${dim(session, stderr)}` : dim(`${facts} · ${session}`, stderr);
  return `${known ? "" : `${printable(error)}\n`}${mark} ${end}`;
};

/** Whether what a run put out is no more than why it failed, as the API's own words are. */
export const isReason = ({ output, error = "" }: Pick<Ended, "output" | "error">): boolean =>
  error.trim() === output.trim();

const factsOf = ({ timings_ms, usage }: Ended): string =>
  [
    `in ${seconds(timings_ms.create + timings_ms.agent)}`,
    usage && usage.total_tokens > 0 && `${usage.total_tokens} tokens`,
    usage && usage.estimated_cost_usd > 0 && `$${usage.estimated_cost_usd.toFixed(4)}`,
  ]
    .filter(Boolean)
    .join(" · ");

export const dim = (text: string, stream: NodeJS.WriteStream): string => styleText("dim", text, { stream });

export const seconds = (ms: number): string => (ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : minutes(ms));

/** The same without a fraction, for a clock that ticks. */
export const minutes = (ms: number): string => {
  const whole = Math.round(ms / 1000);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
};
