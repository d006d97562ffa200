import type { CliFinder } from "./agent/binary.ts";
import { StromboliError } from "./errors.ts";
import type { ListedImage } from "./podman/images.ts";
import { rankOf } from "./policy/image-rank.ts";
import type { Image } from "./schema/image.ts";
import type { Inside } from "./store/images.ts";

/** An image by one of its names; `inside` is missing where it has not been looked into. */
type Seen = { image: ListedImage; name: string; inside: Inside | undefined };

/** An image as callers see it. */
export const view = (cli: CliFinder, seen: Seen): Image => {
  const { image, name, inside } = seen;
  const why = inside && whyNot(cli, name, { ...image, ...inside });
  return { ...toImage(seen), ...rankOf(inside, why) };
};

/** Why no agent can run in an image; undefined when one can. */
const whyNot = (cli: CliFinder, name: string, image: Inside & { architecture: string }): string | undefined => {
  try {
    cli.forImage(name, image);
    return undefined;
  } catch (error) {
    if (error instanceof StromboliError && error.code === "image_incompatible") return error.message;
    throw error;
  }
};

const toImage = ({ image, name, inside }: Seen) => ({
  id: image.id,
  ...split(name),
  size: image.bytes,
  created: image.createdAt,
  description: image.labels["org.opencontainers.image.description"] ?? "",
  has_claude_cli: inside?.tools.includes("claude") ?? false,
  tools: [...(inside?.tools ?? [])].filter((tool) => tool !== "claude"),
  digest: image.digest,
  architecture: image.architecture,
  libc: inside?.libc ?? ("unknown" as const),
});

const split = (name: string): { repository: string; tag: string } => {
  const at = /:[^/:]*$/.exec(name)?.index ?? name.length;
  return { repository: name.slice(0, at), tag: name.slice(at + 1) };
};

/** Best first, then by name. */
export const byRank = (a: Image, b: Image): number =>
  a.compatibility_rank - b.compatibility_rank || compare(a.repository, b.repository) || compare(a.tag, b.tag);

const compare = (a: string, b: string): number => Number(a > b) - Number(a < b);
