import { z } from "zod";
import type { Health } from "../compose/plan.ts";
import { StromboliError } from "../errors.ts";
import type { Basics, ImageStore, Inside } from "../store/images.ts";
import { Healthcheck } from "./healthcheck.ts";
import { lookForBasics, lookInside, type Looked } from "./inside.ts";
import { lastLine, type Podman } from "./podman.ts";
import { sharing } from "./share.ts";

/** What Podman says of an image, and what a run needs to know of its inside. */
export type LocalImage = Basics & { id: string; digest: string; architecture: string; path: string };
/** `reference`: the one of those looked for that it was found by. */
export type FoundImage = LocalImage & { reference: string };
/** An image as a list has it; `names` are its references in full. */
export type ListedImage = {
  id: string;
  names: readonly string[];
  digest: string;
  architecture: string;
  path: string;
  bytes: number;
  createdAt: string;
  labels: Readonly<Record<string, string>>;
  /** Its own healthcheck. */
  health: Health | undefined;
};
export type Images = ReturnType<typeof createImages>;

/** What Podman gives a container whose image says nothing. */
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

type Deps = { podman: Podman; store: ImageStore; label: string; now: () => number };
type Known = Pick<LocalImage, "id" | "architecture" | "path">;

/** What the machine has of images. `label` marks the containers that are made to look inside. */
export const createImages = (deps: Deps) => {
  const { podman } = deps;
  const look = createLook(deps);
  const known = new Map<string, LocalImage>();
  const inspected = sharing((reference) => inspect(podman, reference));
  const findOne = async (reference: string): Promise<LocalImage | undefined> => {
    const listed = await inspected(reference);
    if (!listed) return undefined;
    const { id, digest, architecture, path } = listed;
    const { libc, shell } = await look.forBasics(listed);
    const image = { id, digest, architecture, path, libc, shell };
    known.set(id, image);
    return image;
  };

  const findAny = async (references: readonly string[]): Promise<FoundImage | undefined> => {
    for (const reference of references) {
      const image = await findOne(reference);
      if (image) return { ...image, reference };
    }
    return undefined;
  };
  const find = async (references: readonly string[]): Promise<FoundImage> => {
    const image = await findAny(references);
    if (!image) throw imageNotFound(references);
    return image;
  };

  const listed = async (references: readonly string[]): Promise<ListedImage | undefined> => {
    for (const reference of references) {
      const image = await inspected(reference);
      if (image) return image;
    }
    return undefined;
  };

  return {
    /** The image behind the first of some references that is there, looked into once for each id. */
    findAny,
    /** The same; throws `image_not_found`. */
    find,
    /** An image that was found before, perhaps by a former daemon. */
    byId: async (id: string): Promise<LocalImage> => known.get(id) ?? find([id]),
    /** What Podman says of the first of some references that is there. */
    async describe(references: readonly string[]): Promise<ListedImage> {
      const image = await listed(references);
      if (!image) throw imageNotFound(references);
      return image;
    },
    /** The same; undefined when none is. */
    listed,
    /** All images that have a name. */
    list: (): Promise<ListedImage[]> => listImages(podman),
    /** All that is inside an image that was listed; looked for once for each id. */
    inside: (image: Known): Promise<Inside> => look.inside(image),
    [Symbol.asyncDispose]: () => look.close(),
  };
};

/** What is inside images, looked for once for each id, however many ask at the same time. */
const createLook = ({ podman, store, label, now }: Deps) => {
  const closing = new AbortController();
  const { signal } = closing;
  const once = <Found extends Basics>(
    lookFor: (looked: Looked) => Promise<Found>,
    recall: (id: string) => Found | undefined,
  ) => {
    const underway = new Map<string, Promise<Found>>();
    const look = async (image: Known): Promise<Found> => {
      const known = recall(image.id);
      if (known) return known;
      if (signal.aborted) throw new StromboliError("shutting_down", "the daemon is stopping; no image is looked into");
      const found = await lookFor({ podman, label, signal, ...image });
      store.remember(image.id, found, now());
      return found;
    };
    const ask = (image: Known): Promise<Found> => {
      const pending = underway.get(image.id) ?? look(image).finally(() => underway.delete(image.id));
      underway.set(image.id, pending);
      return pending;
    };
    return { ask, over: () => Promise.allSettled(underway.values()) };
  };
  const basics = once<Basics>(lookForBasics, (id) => store.find(id));
  const all = once<Inside>(lookInside, (id) => {
    const known = store.find(id);
    return known && "tools" in known ? known : undefined;
  });

  return {
    /** What a run needs to know. */
    forBasics: basics.ask,
    /** All that there is to know. */
    inside: all.ask,
    /** Ends the looks under way, and waits until their containers are gone. */
    async close(): Promise<void> {
      closing.abort();
      await Promise.all([basics.over(), all.over()]);
    },
  };
};

const Inspection = z.object({
  Id: z.string(),
  Digest: z.string(),
  Architecture: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  Size: z.number().default(0),
  Created: z.string().default(""),
  Labels: z.record(z.string(), z.string()).nullish(),
  Config: z.object({ Env: z.array(z.string()).nullish() }),
  HealthCheck: Healthcheck.nullish().catch(undefined),
});

const toListed = ({ Config, ...image }: z.output<typeof Inspection>): ListedImage => ({
  id: image.Id,
  names: image.RepoTags ?? [],
  digest: image.Digest,
  architecture: image.Architecture,
  path: Config.Env?.find((variable) => variable.startsWith("PATH="))?.slice("PATH=".length) || defaultPath,
  bytes: image.Size,
  createdAt: image.Created,
  labels: image.Labels ?? {},
  health: image.HealthCheck ?? undefined,
});

const listImages = async (podman: Podman): Promise<ListedImage[]> => {
  const ids = (await podman.output(["image", "ls", "--quiet", "--no-trunc"])).split("\n").filter(Boolean);
  if (ids.length === 0) return [];
  const { stdout, stderr } = await podman.call(["image", "inspect", "--", ...new Set(ids)]);
  if (stdout === "") throw new StromboliError("podman_failed", `podman image inspect failed: ${lastLine(stderr)}`);
  const images = z.array(Inspection).parse(JSON.parse(stdout)).map(toListed); // without those removed meanwhile
  return images.filter(({ names }) => names.length > 0);
};

/** Podman was seen once to miss an image that was there, while others were being removed: so it is asked twice. */
const inspect = async (podman: Podman, reference: string) =>
  (await tryToInspect(podman, reference)) ?? (await tryToInspect(podman, reference));

const tryToInspect = async (podman: Podman, reference: string) => {
  const { exitCode, stdout, stderr } = await podman.call(["image", "inspect", "--", reference]);
  if (exitCode === 0) return toListed(z.tuple([Inspection]).parse(JSON.parse(stdout))[0]);
  if (/not known|no such image/i.test(stderr)) return undefined;
  throw new StromboliError("podman_failed", `podman image inspect failed: ${lastLine(stderr)}`);
};

export const imageNotFound = (references: readonly string[]): StromboliError => {
  const reference = references.at(-1) ?? "";
  const remedy = reference.startsWith("localhost/")
    ? "build it there"
    : `get it with: stromboli images pull ${reference}, or set policy.pull: missing`;
  return new StromboliError("image_not_found", `there is no image ${reference} on this machine; ${remedy}`);
};
