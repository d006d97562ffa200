import type { CliFinder } from "../agent/binary.ts";
import type { ServicePlan } from "../compose/plan.ts";
import { StromboliError } from "../errors.ts";
import { imageNotFound, type Images } from "../podman/images.ts";
import { pullable } from "../policy/images.ts";
import type { Plan } from "../policy/plan.ts";
import { checkShell, type ShellPlan } from "../policy/shell.ts";
import type { Config } from "../schema/config.ts";
import type { Job } from "../store/job-rows.ts";

type Deps = {
  config: Pick<Config, "policy">;
  images: Pick<Images, "find" | "findAny">;
  cli: Pick<CliFinder, "forImage">;
};

/** Which of some references will do when it is here, and which one is to be pulled where none of these is. */
export const lookedFor = (
  references: readonly string[],
  pull: Config["policy"]["pull"],
): { enough: readonly string[]; wanted: string | undefined } => {
  const wanted = pull === "never" ? undefined : pullable(references);
  return { enough: pull === "always" ? references.filter((reference) => reference !== wanted) : references, wanted };
};

/** Throws `image_not_found` for a service whose image is neither here nor to be pulled. */
export const checkServiceImage = async (
  { config: { policy }, images }: Pick<Deps, "config"> & { images: Pick<Images, "listed"> },
  { name, images: references }: ServicePlan,
): Promise<void> => {
  const { enough, wanted } = lookedFor(references, policy.pull);
  if (wanted !== undefined || (await images.listed(enough))) return;
  const missing = imageNotFound(references);
  throw new StromboliError(missing.code, `service ${name}: ${missing.message}`);
};

/**
 * The image of a plan, of its references: the first that is here, or where policy has it so the one that is to be pulled,
 * which has no id yet. Throws `image_not_found`, or `image_incompatible` for one that is here.
 */
export const chooseImage = async (
  { config: { policy }, images, cli }: Deps,
  { images: references, ...plan }: ShellPlan & Pick<Plan, "images">,
): Promise<Job["image"]> => {
  const { enough, wanted } = lookedFor(references, policy.pull);
  const here = await images.findAny(enough);
  if (!here && wanted !== undefined) return { reference: wanted, id: "", digest: "" };
  const { reference, id, digest, ...inside } = here ?? (await images.find(references)); // which says that it is missing
  cli.forImage(reference, inside);
  checkShell(plan, { reference, ...inside });
  return { reference, id, digest };
};
