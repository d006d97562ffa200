import { Command } from "commander";
import { withoutUndefined } from "../../lib/given.ts";
import type { Pruned } from "../../lib/schema/prune.ts";
import { jsonOf } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { print, printJson } from "../print.ts";

export const pruneCommand = () =>
  new Command("prune")
    .description("Remove old jobs and sessions now, as the configuration says or as told here.")
    .option("--jobs-older-than <duration>", "jobs that ended longer ago, such as 7d or 12h")
    .option("--sessions-older-than <duration>", "sessions that were used last longer ago")
    .option("--dry-run", "only say what would be removed")
    .option("--json", "print the ids of what was removed as JSON")
    .addHelpText("after", "\nExample:\n  stromboli prune --jobs-older-than 7d --dry-run")
    .action(prune);

type Flags = { jobsOlderThan?: string; sessionsOlderThan?: string; dryRun?: true; json?: true };

const prune = async ({ jobsOlderThan, sessionsOlderThan, dryRun, json }: Flags): Promise<void> => {
  const request = withoutUndefined({
    jobs_older_than: jobsOlderThan,
    sessions_older_than: sessionsOlderThan,
    dry_run: dryRun,
  });
  const pruned = await askDaemon(async (client) => jsonOf(await client.prune.$post({ json: request })));
  if (json) printJson(pruned);
  else print(sentence(pruned));
};

const sentence = ({ jobs, sessions, bytes, dry_run }: Pruned): string =>
  `${dry_run ? "would remove" : "removed"} ${counted(jobs, "job")} and ${counted(sessions, "session")}, ${megabytes(bytes)} MB`;

const counted = ({ length }: readonly string[], noun: string): string => `${length} ${noun}${length === 1 ? "" : "s"}`;

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
