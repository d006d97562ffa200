import type { CallToolResult } from "@modelcontextprotocol/server";
import type { JobResponse } from "../../lib/schema/job.ts";
import { answer, cut } from "./answers.ts";

const longestError = 2000;

/** A job as tools tell it: its answer, from a place on, and then what else there is to know. Pure. */
export const jobAnswer = (job: JobResponse, from = 0): CallToolResult => {
  const { output, structured_output, error, labels: _labels, timings_ms: _timings, ...known } = job;
  const whole = structured_output === undefined ? output : JSON.stringify(structured_output);
  const { text, next } = cut(whole, from);
  const more = next !== undefined && {
    cut: `the answer has ${whole.length} characters; read on with read_job and offset: ${next}`,
  };
  return answer({ ...known, ...(error && { error: cut(error, 0, longestError).text }), ...more }, text);
};

/** The same for who has waited for its end, and has to notice that it was not a good one. */
export const endAnswer = (job: JobResponse): CallToolResult => ({
  ...jobAnswer(job),
  ...(job.outcome !== undefined && job.outcome !== "succeeded" && { isError: true }),
});
