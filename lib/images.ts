import pLimit from "p-limit";
import { setTimeout as pause } from "node:timers/promises";
import type { CliFinder } from "./agent/binary.ts";
import { messageOf, StromboliError } from "./errors.ts";
import type { Log } from "./log.ts";
import type { Images, ListedImage } from "./podman/images.ts";
import type { Joined, Pulls } from "./podman/pulls.ts";
import type { Registry } from "./podman/registry.ts";
import { byRank, view } from "./image-view.ts";
import { candidates, planPull, planSearch } from "./policy/images.ts";
import type { Config } from "./schema/config.ts";
import type { Image, ImageDetail, ImagePulled, ImagePullRequest, ImageSearch } from "./schema/image.ts";
import type { Inside } from "./store/images.ts";

type SearchOptions = { limit: number; noTrunc: boolean; signal: AbortSignal };
type Deps = {
  config: Pick<Config, "podman" | "policy">;
  images: Pick<Images, "list" | "describe" | "inside">;
  registry: Pick<Registry, "search">;
  pulls: Pick<Pulls, "join">;
  cli: CliFinder;
  log: Log;
};
export type Catalogue = ReturnType<typeof createCatalogue>;

const looksAtOnce = 2;
const searchesAtOnce = 4;
const longestLookMs = 10_000;

/** Images as callers see them: each with what it is good for, found out by a look inside. */
export const createCatalogue = ({ config, images, registry, pulls, cli, log }: Deps) => {
  const lookInto = createLooks(images, log);
  const searching = pLimit(searchesAtOnce);

  return {
    /** All that have a name, best first. What takes too long to look into goes on, and is known the next time. */
    async list(): Promise<Image[]> {
      const over = new AbortController();
      const late = pause(longestLookMs, undefined, { signal: over.signal, ref: false }).catch(() => undefined);
      const all = (await images.list()).map(async (image) => {
        const inside = await Promise.race([lookInto(image), late]);
        return image.names.map((name) => view(cli, { image, name, inside }));
      });
      try {
        return (await Promise.all(all)).flat().toSorted(byRank);
      } finally {
        over.abort();
      }
    },

    /** One image, by a reference or an id; throws `image_not_found`. */
    async find(name: string): Promise<ImageDetail> {
      const references = candidates(name);
      const image = await images.describe(references);
      const named = image.names.find((one) => references.includes(one)) ?? image.names[0] ?? image.id;
      return { ...view(cli, { image, name: named, inside: await lookInto(image) }), labels: { ...image.labels } };
    },

    /** Searches a registry; some at a time, the others wait. Who has gone is not searched for any more. */
    async search(q: string, { signal, ...options }: SearchOptions): Promise<ImageSearch> {
      const query = { term: planSearch(q, config), ...options };
      const results = await searching(() => {
        if (signal.aborted) throw new StromboliError("shutting_down", "the search was given up");
        return registry.search(query, signal);
      });
      return { results };
    },

    /** Begins to pull an image, or joins who does; what policy refuses is thrown at once. */
    pull({ image, platform }: ImagePullRequest, signal: AbortSignal): { reference: string } & Joined {
      const reference = planPull(image, config);
      if (platform !== undefined) cli.checkPlatform(platform);
      return { reference, ...pulls.join(reference, signal) };
    },

    /** What a pull has come to. */
    async pulled(reference: string, id: string): Promise<ImagePulled> {
      const image = await images.describe([id]);
      const inside = await lookInto(image);
      const { compatibility_rank, rank_description } = view(cli, { image, name: reference, inside });
      return { success: true, image_id: id, image: reference, compatibility_rank, rank_description };
    },
  };
};

/** Looks into images, some at a time. One that fails is nothing: the next question tries again. */
const createLooks = (images: Pick<Images, "inside">, log: Log) => {
  const some = pLimit(looksAtOnce);
  return (image: ListedImage): Promise<Inside | undefined> =>
    some(() => images.inside(image)).catch((error: unknown) => {
      log.warn({ image: image.names[0] ?? image.id, error: messageOf(error) }, "an image could not be looked into");
      return undefined;
    });
};
