import { createHash } from "node:crypto";
import { z } from "zod";
import { StromboliError } from "../errors.ts";
import type { ImageStore, Libc } from "../store/images.ts";
import { lastLine, type Podman } from "./podman.ts";
import { sharing } from "./share.ts";

export type LocalImage = { id: string; digest: string; architecture: string; path: string; libc: Libc };
/** `reference`: the one of those looked for that it was found by. */
export type FoundImage = LocalImage & { reference: string };
export type Images = ReturnType<typeof createImages>;

/** What Podman gives a container whose image says nothing. */
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const loaders = {
  amd64: { glibc: "/lib64/ld-linux-x86-64.so.2", musl: "/lib/ld-musl-x86_64.so.1" },
  arm64: { glibc: "/lib/ld-linux-aarch64.so.1", musl: "/lib/ld-musl-aarch64.so.1" },
} as const;

/** What the machine has of images. `label` marks the containers that are made to look inside. */
export const createImages = ({
  podman,
  store,
  label,
  now,
}: {
  podman: Podman;
  store: ImageStore;
  label: string;
  now: () => number;
}) => {
  const looking = new Map<string, Promise<Libc>>();

  const look = async (id: string, architecture: string): Promise<Libc> => {
    const known = store.libcOf(id);
    if (known) return known;
    const libc = await libcInside({ podman, label, id, architecture });
    store.remember(id, libc, now());
    return libc;
  };

  const known = new Map<string, LocalImage>();
  const inspected = sharing((reference) => inspect(podman, reference));
  const findOne = async (reference: string): Promise<LocalImage | undefined> => {
    const inspection = await inspected(reference);
    if (!inspection) return undefined;
    const { Id: id, Digest: digest, Architecture: architecture, Config } = inspection;
    const path = Config.Env?.find((variable) => variable.startsWith("PATH="))?.slice("PATH=".length) || defaultPath;
    const pending = looking.get(id) ?? look(id, architecture).finally(() => looking.delete(id));
    looking.set(id, pending);
    const image = { id, digest, architecture, path, libc: await pending };
    known.set(id, image);
    return image;
  };

  const find = async (references: readonly string[]): Promise<FoundImage> => {
    for (const reference of references) {
      const image = await findOne(reference);
      if (image) return { ...image, reference };
    }
    throw missing(references.at(-1) ?? "");
  };

  return {
    /** The image behind the first of some references that is there, looked into once for each id; throws `image_not_found`. */
    find,
    /** An image that was found before, perhaps by a former daemon. */
    byId: async (id: string): Promise<LocalImage> => known.get(id) ?? find([id]),
  };
};

const Inspection = z.tuple([
  z.object({
    Id: z.string(),
    Digest: z.string(),
    Architecture: z.string(),
    Config: z.object({ Env: z.array(z.string()).nullish() }),
  }),
]);

/** Podman was seen once to miss an image that was there, while others were being removed: so it is asked twice. */
const inspect = async (podman: Podman, reference: string) =>
  (await tryToInspect(podman, reference)) ?? (await tryToInspect(podman, reference));

const tryToInspect = async (podman: Podman, reference: string) => {
  const { exitCode, stdout, stderr } = await podman.call(["image", "inspect", "--", reference]);
  if (exitCode === 0) return Inspection.parse(JSON.parse(stdout))[0];
  if (/not known|no such image/i.test(stderr)) return undefined;
  throw new StromboliError("podman_failed", `podman image inspect failed: ${lastLine(stderr)}`);
};

const missing = (reference: string): StromboliError => {
  const remedy = `get it with: podman pull ${reference}`;
  return new StromboliError("image_not_found", `there is no image ${reference} on this machine; ${remedy}`);
};

/** Looks for a dynamic loader in a container that is created and never started, so nothing of the image runs. */
const libcInside = async ({
  podman,
  label,
  id,
  architecture,
}: {
  podman: Podman;
  label: string;
  id: string;
  architecture: string;
}): Promise<Libc> => {
  const paths = architecture === "arm64" ? loaders.arm64 : loaders.amd64;
  const name = `stromboli-look-${createHash("sha256").update(`${label} ${id}`).digest("hex").slice(0, 16)}`;
  await podman.output([
    "create",
    "--replace",
    "--pull=never",
    "--network=none",
    `--label=${label}`,
    `--name=${name}`,
    "--entrypoint=",
    id,
    "true",
  ]);
  try {
    for (const libc of ["glibc", "musl"] as const) {
      const { exitCode, stderr } = await podman.call(["cp", `${name}:${paths[libc]}`, "-"]);
      if (exitCode === 0) return libc;
      if (!/could not be found|no such file/i.test(stderr)) {
        throw new StromboliError("podman_failed", `podman could not look into the image: ${lastLine(stderr)}`);
      }
    }
    return "none";
  } finally {
    await podman.output(["rm", "--force", "--ignore", "--volumes", "--", name]);
  }
};
