import { createRoute, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Catalogue } from "../../lib/images.ts";
import type { Joined } from "../../lib/podman/pulls.ts";
import {
  ImageDetail,
  ImageList,
  ImageParams,
  ImagePulled,
  ImagePullRequest,
  ImageSearch,
  ImageSearchQuery,
} from "../../lib/schema/image.ts";
import { failureOf, toStromboliError } from "../middleware/errors.ts";
import * as example from "./examples.ts";
import { failures, json, missing, registryFailures } from "./responses.ts";
import { createRouter } from "./router.ts";
import { eventStream, type ServerEvent } from "./sse.ts";

const list = createRoute({
  method: "get",
  path: "/images",
  operationId: "listImages",
  tags: ["images"],
  summary: "List the images on this machine, best for agents first",
  description: "Each is looked into once, which takes a second or two the first time; nothing of it runs.",
  responses: {
    200: json(ImageList, "All that have a name, by rank, repository and tag", { images: [example.image] }),
    ...failures,
  },
});

const search = createRoute({
  method: "get",
  path: "/images/search",
  operationId: "searchImages",
  tags: ["images"],
  summary: "Search a registry for images",
  request: { query: ImageSearchQuery },
  responses: {
    200: json(ImageSearch, "What the registry found", { results: [example.found] }),
    ...failures,
    ...registryFailures,
  },
});

const pull = createRoute({
  method: "post",
  path: "/images/pull",
  operationId: "pullImage",
  tags: ["images"],
  summary: "Pull an image from its registry",
  description:
    "With `Accept: text/event-stream` the answer is a stream: `progress` events with what Podman says, then `done` or `error`. Who asks for an image that is being pulled joins that pull; when the last client has hung up it is ended.",
  request: { body: { ...json(ImagePullRequest, "What to pull", { image: "python:3.12" }), required: true } },
  responses: {
    200: {
      description: "The image is here",
      content: {
        ...json(ImagePulled, "", {
          success: true,
          image_id: example.image.id,
          image: "docker.io/library/python:3.12",
          compatibility_rank: 1,
          rank_description: example.image.rank_description,
        }).content,
        "text/event-stream": { schema: z.string() },
      },
    },
    ...failures,
    ...missing,
    ...registryFailures,
  },
});

const show = createRoute({
  method: "get",
  path: "/images/{name}",
  operationId: "getImage",
  tags: ["images"],
  summary: "An image, and whether agents can run in it",
  request: { params: ImageParams },
  responses: {
    200: json(ImageDetail, "What is known of it", { ...example.image, labels: {} }),
    ...failures,
    ...missing,
  },
});

const usualLimit = 25;

export const imageRoutes = ({ catalogue }: { catalogue: Catalogue }) =>
  createRouter()
    .openapi(list, async (c) => c.json({ images: await catalogue.list() }, 200))
    .openapi(search, async (c) => {
      const { q, limit = usualLimit, no_trunc } = c.req.valid("query");
      const options = { limit, noTrunc: no_trunc === "true", signal: c.req.raw.signal };
      return c.json(await catalogue.search(q, options), 200);
    })
    .openapi(pull, async (c) => {
      const request = c.req.valid("json");
      c.set("target", request.image);
      const hungUp = new AbortController();
      const { signal } = c.req.raw;
      if (signal.aborted) hungUp.abort();
      else signal.addEventListener("abort", () => hungUp.abort(), { once: true });
      const joined = catalogue.pull(request, hungUp.signal);
      const done = async () => catalogue.pulled(joined.reference, await joined.done);
      if (!wantsStream(c)) return c.json(await done(), 200);
      const context = { path: c.req.path, requestId: c.get("requestId") };
      return eventStream(pullEvents(joined, { done, quiet: request.quiet ?? false, context }), () => hungUp.abort());
    })
    .openapi(show, async (c) => c.json(await catalogue.find(c.req.valid("param").name), 200));

const wantsStream = (c: Context): boolean => /(^|[,\s])text\/event-stream/i.test(c.req.header("accept") ?? "");

type Telling = { done: () => Promise<ImagePulled>; quiet: boolean; context: { path: string; requestId: string } };

async function* pullEvents({ lines }: Joined, { done, quiet, context }: Telling): AsyncGenerator<ServerEvent[]> {
  try {
    for await (const message of lines()) if (!quiet) yield [{ event: "progress", data: JSON.stringify({ message }) }];
    yield [{ event: "done", data: JSON.stringify(await done()) }];
  } catch (error) {
    yield [{ event: "error", data: JSON.stringify(failureOf(toStromboliError(error), context)) }];
  }
}
