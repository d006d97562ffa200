import { Command, Option } from "commander";
import { withoutUndefined } from "../../lib/given.ts";
import type { JobResponse } from "../../lib/schema/job.ts";
import type { Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { jobTable } from "../job-table.ts";
import { listJobs, type JobPage } from "../jobs.ts";
import { numberFrom } from "../run-request.ts";
import { print, printJson, say } from "../print.ts";

type Status = JobResponse["status"];
const statuses: readonly Status[] = ["pending", "running", "completed", "failed", "crashed", "cancelled"];
const usualLimit = 50;

export const psCommand = () =>
  new Command("ps")
    .description("List the jobs that run or wait, newest first.")
    .option("-a, --all", "those that have ended as well")
    .addOption(new Option("--status <status>", "only those of one status").choices(statuses))
    .option("--session <id>", "only those of a session")
    .option("--label <NAME[=value]>", "only those with a label")
    .option("-n, --limit <number>", `at most so many; ${usualLimit} by default with --all or --status`)
    .option("-q, --quiet", "print their ids alone")
    .option("--json", "print them as a JSON array")
    .addHelpText(
      "after",
      `
Examples:
  stromboli ps -a --label batch=7
  stromboli ps -a --json | jq '.[] | select(.outcome == "timed_out").title'
  stromboli ps -q --status pending | xargs stromboli cancel`,
    )
    .action(ps);

type Flags = {
  all?: true;
  status?: Status;
  session?: string;
  label?: string;
  limit?: string;
  quiet?: true;
  json?: true;
};

const ps = async (flags: Flags): Promise<void> => {
  const { jobs, more } = await askDaemon((client) => find(client, flags));
  if (flags.json) printJson(jobs);
  else if (!flags.quiet) console.log(jobTable(jobs, process.stdout));
  else for (const { id } of jobs) print(id);
  if (more) say(`there are more; show them with: --limit ${jobs.length * 10}`);
};

const find = async (client: Client, flags: Flags): Promise<JobPage> => {
  const { all, status, session, label } = flags;
  const filter = withoutUndefined({ session_id: session, label });
  const limit = numberFrom("--limit", flags.limit);
  if (status) return listJobs(client, { ...filter, status }, limit ?? usualLimit);
  if (all) return listJobs(client, filter, limit ?? usualLimit);
  const pending = await listJobs(client, { ...filter, status: "pending" }, limit);
  const running = await listJobs(client, { ...filter, status: "running" }, limit); // later: one that starts meanwhile is in both
  const jobs = [...new Map([...pending.jobs, ...running.jobs].map((job) => [job.id, job])).values()];
  const newest = jobs.toSorted((one, other) => (one.created_at < other.created_at ? 1 : -1)).slice(0, limit);
  return { jobs: newest, more: pending.more || running.more || newest.length < jobs.length };
};
