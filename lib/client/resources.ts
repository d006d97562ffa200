import type { z } from "zod";
import type { ImageDetail, ImageList, ImagePulled, ImagePullRequest, ImageSearch } from "../schema/image.ts";
import type { SecretChanged, SecretList, SecretRequest, Secret } from "../schema/secret.ts";
import type { MessageFound, MessagePage, SessionList, SessionMessage, SessionRemoved } from "../schema/session.ts";
import { errorOf, part, type Ask } from "./ask.ts";
import { ClientError } from "./error.ts";
import { eventsFrom } from "./sse.ts";

type Answer<Schema extends z.ZodType> = z.output<Schema>;

export const createSessions = (ask: Ask) => ({
  /** Used last first; `id` is how theirs begin. */
  list: (id?: string) => ask.json<Answer<typeof SessionList>>("GET /sessions", { query: { id } }),

  /** Removes a session with its files. */
  remove: (id: string) => ask.json<Answer<typeof SessionRemoved>>(`DELETE /sessions/${part(id)}`),

  /** All that was said, oldest first, a page at a time. */
  async *messages(id: string): AsyncGenerator<SessionMessage> {
    let offset = 0;
    for (;;) {
      const query = { offset, limit: 200 };
      const page = await ask.json<Answer<typeof MessagePage>>(`GET /sessions/${part(id)}/messages`, { query });
      yield* page.messages;
      offset += page.messages.length;
      if (!page.has_more || page.messages.length === 0) return;
    }
  },

  /** One message by its uuid. */
  message: async (id: string, uuid: string): Promise<SessionMessage> =>
    (await ask.json<Answer<typeof MessageFound>>(`GET /sessions/${part(id)}/messages/${part(uuid)}`)).message,
});

export const createSecrets = (ask: Ask) => ({
  list: async () => (await ask.json<Answer<typeof SecretList>>("GET /secrets")).secrets,
  create: (secret: SecretRequest) => ask.json<Answer<typeof SecretChanged>>("POST /secrets", { body: secret }),
  /** What is known of a secret; its value never is. */
  get: (name: string) => ask.json<Secret>(`GET /secrets/${part(name)}`),
  remove: (name: string) => ask.json<Answer<typeof SecretChanged>>(`DELETE /secrets/${part(name)}`),
});

type Pulling = { onProgress?: (line: string) => void; signal?: AbortSignal };

export const createImages = (ask: Ask) => ({
  list: async () => (await ask.json<Answer<typeof ImageList>>("GET /images")).images,
  get: (name: string) => ask.json<ImageDetail>(`GET /images/${part(name)}`),
  search: async (word: string, limit?: number) =>
    (await ask.json<ImageSearch>("GET /images/search", { query: { q: word, limit } })).results,

  /** Pulls an image; an abort ends that, unless others wait for the same. */
  async pull(request: ImagePullRequest, { onProgress, signal }: Pulling = {}): Promise<ImagePulled> {
    const headers = { accept: "text/event-stream" };
    const { body } = await ask.open("POST /images/pull", { body: request, headers, signal });
    for await (const { event, data } of body ? eventsFrom(body) : []) {
      if (event === "done") return JSON.parse(data) as ImagePulled; // the daemon's own shape
      if (event === "error") throw errorOf(data);
      if (event === "progress") onProgress?.((JSON.parse(data) as { message: string }).message);
    }
    throw new ClientError("connection_lost", "the connection to the daemon is lost, and the pull with it");
  },
});
