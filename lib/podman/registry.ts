import { z } from "zod";
import { StromboliError } from "../errors.ts";
import { lastLine, type Podman } from "./podman.ts";
import { registryFailure } from "./registry-failure.ts";
import type { Room } from "./room.ts";

export type SearchQuery = { term: string; limit: number; noTrunc: boolean };
export type Found = z.output<typeof Results>[number];
export type Registry = ReturnType<typeof createRegistry>;

const longestPullMs = 6 * 60 * 60 * 1000;

const yes = z.union([z.literal("[OK]").transform(() => true), z.string().transform(() => false), z.boolean()]);
const Results = z.array(
  z
    .object({
      Index: z.string(),
      Name: z.string(),
      Description: z.string().default(""),
      Stars: z.int().default(0),
      Official: yes.default(false),
      Automated: yes.default(false),
    })
    .transform(({ Index, Name, Description, Stars, Official, Automated }) => ({
      index: Index,
      name: Name,
      description: Description,
      stars: Stars,
      official: Official,
      automated: Automated,
    })),
);

/** What registries have of images, by way of Podman and its own settings and logins. */
export const createRegistry = ({ podman, room }: { podman: Podman; room: Room }) => ({
  /** Pulls an image; its id. `onLine` hears what Podman says meanwhile. */
  pull: (
    reference: string,
    { signal, onLine }: { signal: AbortSignal; onLine: (line: string) => void },
  ): Promise<string> =>
    room.forDownload(async (folder, full) => {
      const { exitCode, stdout, stderr } = await podman
        .call(["pull", "--", reference], {
          signal: AbortSignal.any([signal, full]),
          timeoutMs: longestPullMs,
          env: { TMPDIR: folder },
          onLine,
        })
        .catch((error: unknown) => {
          throw full.aborted ? full.reason : error;
        });
      if (exitCode === 0) return lastLine(stdout);
      throw registryFailure(stderr, reference);
    }),

  /** Searches one registry; throws `registry_unreachable`, or `registry_failed` where it has no search. */
  async search({ term, limit, noTrunc }: SearchQuery, signal: AbortSignal): Promise<Found[]> {
    const argv = ["search", "--format=json", `--limit=${limit}`, ...(noTrunc ? ["--no-trunc"] : []), "--", term];
    const { exitCode, stdout, stderr } = await podman.call(argv, { signal });
    if (exitCode !== 0) throw registryFailure(stderr, term);
    const parsed = Results.safeParse(JSON.parse(stdout || "[]"));
    if (parsed.success) return parsed.data.slice(0, limit);
    throw new StromboliError("podman_failed", "podman search answered in another form than it is known to");
  },
});
