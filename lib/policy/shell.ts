import { StromboliError } from "../errors.ts";
import { placeWorkdir } from "./container.ts";
import type { Plan } from "./plan.ts";

export type ShellPlan = Pick<Plan, "hooks" | "workdir" | "volumes" | "stack">;

/** Refuses an image without /bin/sh, as `image_incompatible`, for a run in which that does more than the agent. Pure. */
export const checkShell = (plan: ShellPlan, { reference, shell }: { reference: string; shell: boolean }): void => {
  const need = shell ? undefined : needOf(plan);
  if (need === undefined) return;
  throw new StromboliError("image_incompatible", `image ${reference} has no /bin/sh, and ${need}`);
};

const needOf = (plan: ShellPlan): string | undefined => {
  if (plan.hooks) {
    const names = plan.hooks.lists.map(({ name }) => name).join(", ");
    return `the hooks of this run (${names}) need it; use an image with a shell, or leave podman.lifecycle out`;
  }
  if (placeWorkdir(plan).make)
    return `the workdir ${plan.workdir} is made with it; use an image with a shell, or a workdir that is outside of /home/agent, /tmp and the volumes, or is one of them`;
  return undefined;
};
