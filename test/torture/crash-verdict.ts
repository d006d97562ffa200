import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Stromboli } from "../e2e/harness.ts";
import { unlimited } from "../e2e/podman.ts";

type Daemon = Pick<Stromboli, "place" | "show" | "events" | "send" | "workspace" | "count">;

/** What can be seen of a job that has ended. Its agent adds a line to the file `runs` in its workdir, `mark`. */
export const lookAt = async ({ place, show, events, send, workspace, count }: Daemon, id: string, mark = "ran") => {
  const { outcome, exit_code, output, session_id } = await show(id);
  const logOf = async (stream: string) => (await send(`/jobs/${id}/logs?stream=${stream}`)).text();
  const [told, stdout, stderr] = await Promise.all([events(id), logOf("stdout"), logOf("stderr")]);
  const said = told.filter(({ data }) => !unlimited.test(data));
  const textOf = (type: string) =>
    told
      .filter(({ event }) => event === type)
      .map(({ data }) => `${data}\n`)
      .join("");
  return {
    outcome,
    exit_code,
    output,
    /** How often its agent ran. */
    runs: linesOf(join(workspace(session_id), "runs")).filter((line) => line === mark).length,
    lastEvent: told.at(-1)?.event,
    gapFree: told.every((event, index) => event.id === String(index + 1)),
    equalsLog: textOf("output") === stdout && textOf("stderr") === stderr,
    /** Of its output and of its errors. */
    lines: said.filter(({ event }) => event === "output" || event === "stderr").length,
    files: readdirSync(join(place.state, "jobs", id))
      .toSorted()
      .join(" "),
    deliveries: count(`webhook_deliveries where job_id = '${id}'`),
  };
};

const linesOf = (path: string): string[] => (existsSync(path) ? readFileSync(path, "utf8").split("\n") : []);
