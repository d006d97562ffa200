import { messageOf } from "../errors.ts";
import { failure, type Check, type Finding } from "./finding.ts";

/** What all checks find, in their order, each as soon as it is known. One that breaks has found that, and harms no other. */
export async function* examine(checks: readonly Check[]): AsyncGenerator<Finding> {
  for (const looking of checks.map(findingOf)) {
    const finding = await looking;
    if (finding) yield finding;
  }
}

const findingOf = async ({ name, look }: Check): Promise<Finding | undefined> => {
  try {
    const verdict = await look();
    return verdict && { name, ...verdict };
  } catch (error) {
    return { name, ...failure(`this could not be looked at: ${messageOf(error)}`, "mend what the message says") };
  }
};

/** The worst of all: what a machine comes to. */
export const worstOf = (findings: readonly Finding[]): Finding["status"] =>
  (["failure", "warning"] as const).find((status) => findings.some((finding) => finding.status === status)) ?? "ok";
