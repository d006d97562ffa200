import { z } from "zod";
import { Duration } from "./units.ts";

/** What `POST /prune` is to remove; what is left out is as the configuration says. */
export const PruneRequest = z
  .strictObject({
    jobs_older_than: Duration.describe("Remove jobs that ended longer ago."),
    sessions_older_than: Duration.describe("Remove sessions that were used last longer ago."),
    dry_run: z.boolean().describe("Only say what would be removed."),
  })
  .partial()
  .meta({ id: "PruneRequest" });
export type PruneRequest = z.output<typeof PruneRequest>;

export const Pruned = z
  .object({
    jobs: z.array(z.string()).describe("Ids of removed jobs."),
    sessions: z.array(z.string()).describe("Ids of removed sessions."),
    bytes: z.int().nonnegative().describe("What their files took on the disk."),
    dry_run: z.boolean(),
  })
  .meta({ id: "Pruned" });
export type Pruned = z.output<typeof Pruned>;
