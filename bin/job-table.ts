import { styleText } from "node:util";
import type { JobResponse } from "../lib/schema/job.ts";
import { ageOf } from "./age.ts";
import { seconds } from "./closing.ts";
import { table } from "./table.ts";
import { shownTitle } from "./title.ts";

/** Jobs as a person reads them; the image only where there is room. */
export const jobTable = (jobs: readonly JobResponse[], stdout: NodeJS.WriteStream, now = Date.now()): string =>
  table(
    [
      { title: "ID", cells: jobs.map(({ id }) => id) },
      {
        title: "STATUS",
        cells: jobs.map(({ status, outcome }) => outcome ?? status),
        paint: (cell) => styleText(colours[cell] ?? "red", cell, { stream: stdout }),
      },
      { title: "AGE", cells: jobs.map((job) => ageOf(job.created_at, now)), optional: true },
      { title: "TOOK", cells: jobs.map((job) => took(job, now)), optional: true },
      { title: "IMAGE", cells: jobs.map(({ image }) => image.reference), optional: true },
      { title: "PROMPT", cells: jobs.map(({ title }) => shownTitle(title)) },
    ],
    stdout,
  );

/** What is not here has failed. */
const colours: Readonly<Record<string, "dim" | "cyan" | "green" | "yellow">> = {
  pending: "dim",
  running: "cyan",
  succeeded: "green",
  cancelled: "yellow",
};

const took = ({ started_at, ended_at }: JobResponse, now: number): string => {
  if (started_at === null) return "-";
  return seconds(Math.max(0, (ended_at === null ? now : Date.parse(ended_at)) - Date.parse(started_at)));
};
