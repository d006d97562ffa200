import type { CliFinder } from "../agent/binary.ts";
import type { Images } from "../podman/images.ts";
import { pullable } from "../policy/images.ts";
import type { Config } from "../schema/config.ts";
import type { Job } from "../store/job-rows.ts";

type Deps = { config: Pick<Config, "policy">; images: Pick<Images, "find" | "findAny">; cli: CliFinder };

/**
 * The image of a request, of references that are allowed: the first that is here, or where policy has it so the one that
 * is to be pulled, which has no id yet. Throws `image_not_found`, or `image_incompatible` for one that is here.
 */
export const chooseImage = async (
  { config: { policy }, images, cli }: Deps,
  references: readonly string[],
): Promise<Job["image"]> => {
  const wanted = policy.pull === "never" ? undefined : pullable(references);
  const enough = policy.pull === "always" ? references.filter((reference) => reference !== wanted) : references;
  const here = await images.findAny(enough);
  if (!here && wanted !== undefined) return { reference: wanted, id: "", digest: "" };
  const { reference, id, digest, ...inside } = here ?? (await images.find(references)); // which says that it is missing
  cli.forImage(reference, inside);
  return { reference, id, digest };
};
