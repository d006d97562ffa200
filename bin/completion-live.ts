import type { JobResponse } from "../lib/schema/job.ts";
import { createClient, jsonOf, type Client } from "./client.ts";
import type { Candidate, Live } from "./completion.ts";
import { ownContext, readContexts } from "./contexts.ts";
import { locateDaemon } from "./ensure.ts";

const withinMs = 2000;

/** What there is of a kind. Nobody who types wants to hear why nothing can be told: then there is nothing. */
export const liveCandidates = async (live: Live, partial: string): Promise<Candidate[]> => {
  const asked = tell(live, partial).catch(() => []);
  return Promise.race([asked, new Promise<Candidate[]>((done) => void setTimeout(done, withinMs, []).unref())]);
};

const tell = async (live: Live, partial: string): Promise<Candidate[]> => {
  if (live === "contexts") return contexts();
  const client = createClient(await locateDaemon(process.env));
  if (live === "sessions") return sessions(client);
  if (live === "secrets") return named((await jsonOf(await client.secrets.$get())).secrets);
  if (live === "images") return images(client, partial);
  if (live === "tokens") return named((await jsonOf(await client.tokens.$get())).tokens);
  const statuses = live === "open jobs" ? (["running", "pending"] as const) : [undefined];
  const pages = await Promise.all(statuses.map((status) => jobs(client, status)));
  return pages.flat().map(({ id, title }) => ({ word: shortOf(id, partial), says: title }));
};

const contexts = (): Promise<Candidate[]> => {
  const { contexts: all } = readContexts(process.env);
  const others = Object.entries(all).map(([word, { host }]) => ({ word, says: host }));
  return Promise.resolve([{ word: ownContext, says: "this machine's own daemon" }, ...others]);
};

const sessions = async (client: Client): Promise<Candidate[]> => {
  const { details } = await jsonOf(await client.sessions.$get({ query: {} }));
  return details.map(({ id, title }) => ({ word: id, says: title }));
};

/** One without a tag has no name to be called by. */
const images = async (client: Client, partial: string): Promise<Candidate[]> =>
  (await jsonOf(await client.images.$get())).images
    .filter(({ tag }) => tag)
    .map(({ repository, tag, rank_description: why }) => ({
      word: calledAs(`${repository}:${tag}`, partial),
      says: why,
    }));

/** Who left out Docker Hub's name goes on without it. */
const calledAs = (image: string, partial: string): string =>
  image.startsWith(partial) ? image : image.replace(/^docker\.io\/(library\/)?/, "");

const named = (things: readonly { name: string }[]): Candidate[] =>
  things.map(({ name }) => ({ word: name, says: "" }));

const jobs = async (client: Client, status: JobResponse["status"] | undefined): Promise<JobResponse[]> =>
  (await jsonOf(await client.jobs.$get({ query: { limit: "100", ...(status && { status }) } }))).jobs;

/** Who began with the digits, as they may, goes on with them. */
const shortOf = (id: string, partial: string): string =>
  /^[0-9a-f]/.test(partial) ? id.slice(id.indexOf("-") + 1) : id;
