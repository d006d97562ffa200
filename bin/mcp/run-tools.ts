import type { McpServer, ServerContext } from "@modelcontextprotocol/server";
import { z } from "zod";
import { JobId } from "../../lib/schema/job.ts";
import { RunRequest } from "../../lib/schema/run.ts";
import type { Client } from "../client.ts";
import { endOf, wholeOf, type EndedJob } from "../follow.ts";
import { unless } from "../interrupts.ts";
import { cancel, submit, withdraw } from "../submit.ts";
import { answer, telling } from "./answers.ts";
import type { Connect } from "./connect.ts";
import { endAnswer } from "./job-answer.ts";
import { createProgress } from "./progress.ts";
import { jobOf } from "./read-tools.ts";

/** How long a run that nobody waits for any more is asked to end. */
const withdrawWithinMs = 10_000;

const RunInput = RunRequest.extend({
  detach: z.boolean().optional().describe("Answer with the job's id at once; the run goes on whatever becomes of you."),
});

const WatchInput = z.strictObject({
  job_id: JobId,
  seconds: z
    .int()
    .positive()
    .max(86_400)
    .optional()
    .describe("Wait at most so long, and then tell how far it is; until its end by default."),
});

/** Tools that begin, follow and end runs. */
export const addRunTools = (server: McpServer, connect: Connect): void => {
  server.registerTool(
    "run",
    {
      title: "Run an isolated agent",
      description:
        "Run a prompt with Claude Code in a container of its own, which sees no files but its workdir and the podman.volumes that you name. Waits for the answer, and cancels the run when the call is cancelled; with detach: true answers with a job id at once. To go on in the same conversation, set claude.session_id and claude.resume: true.",
      inputSchema: RunInput,
      annotations: { openWorldHint: true },
    },
    (input, context) => telling(async () => run(await connect(), input, context)),
  );
  server.registerTool(
    "watch_job",
    {
      title: "Wait for a job",
      description:
        "Wait until a job has ended and read its answer, with progress on the way. A call that is cancelled leaves the job alone.",
      inputSchema: WatchInput,
      annotations: { readOnlyHint: true },
    },
    (input, context) => telling(async () => watch(await connect(), input, context)),
  );
  server.registerTool(
    "cancel_job",
    {
      title: "Cancel a job",
      description: "End a job that runs or waits, with its container.",
      inputSchema: z.strictObject({ job_id: JobId }),
      annotations: { destructiveHint: true, idempotentHint: true },
    },
    ({ job_id }) =>
      telling(async () => {
        const cancelled = await cancel(await connect(), job_id);
        return answer({ job_id, cancelled, ...(!cancelled && { why: "it had ended already" }) });
      }),
  );
};

const run = async (client: Client, { detach, ...request }: z.output<typeof RunInput>, context: ServerContext) => {
  const { signal } = context.mcpReq;
  const key = request.idempotency_key ?? crypto.randomUUID();
  const submitted = submit(client, request, { key });
  if (detach) return answer(await submitted);
  try {
    const { job_id: job } = await unless(signal, submitted);
    return endAnswer(await ending(client, job, { signal, context }));
  } catch (error) {
    if (!signal.aborted) throw error;
    throw await withdraw(client, submitted, { again: AbortSignal.timeout(withdrawWithinMs), exitCode: () => 0 });
  }
};

type Following = { signal: AbortSignal; context: ServerContext };

const ending = async (client: Client, job: string, { signal, context }: Following): Promise<EndedJob> => {
  using progress = createProgress(context);
  const last = await endOf(client, job, { signal, onEvent: progress.see });
  return await wholeOf(client, last, { signal });
};

const watch = async (client: Client, { job_id, seconds }: z.output<typeof WatchInput>, context: ServerContext) => {
  const late = seconds === undefined ? [] : [AbortSignal.timeout(seconds * 1000)];
  const signal = AbortSignal.any([context.mcpReq.signal, ...late]);
  try {
    return endAnswer(await ending(client, job_id, { signal, context }));
  } catch (error) {
    if (!late.some(({ aborted }) => aborted)) throw error;
    return endAnswer(await jobOf(client, job_id));
  }
};
