import { styleText } from "node:util";
import type { RunResponse } from "../lib/schema/job.ts";

/** How a run ended, for a person. */
export const closing = (
  { outcome, error, timings_ms, usage, session_id }: RunResponse,
  stderr: NodeJS.WriteStream,
): string => {
  const good = outcome === "succeeded";
  const mark = styleText(good ? "green" : "red", `${good ? "✔" : "✖"} ${outcome}`, { stream: stderr });
  const facts = [
    `in ${seconds(timings_ms.create + timings_ms.agent)}`,
    usage && `${usage.total_tokens} tokens`,
    usage && usage.estimated_cost_usd > 0 && `$${usage.estimated_cost_usd.toFixed(4)}`,
    `session ${session_id}`,
  ];
  const why = good || error === undefined ? "" : `${error}\n`;
  return `${why}${mark} ${dim(facts.filter(Boolean).join(" · "), stderr)}`;
};

export const dim = (text: string, stream: NodeJS.WriteStream): string => styleText("dim", text, { stream });

export const seconds = (ms: number): string =>
  ms < 60_000
    ? `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
