import type { z } from "zod";
import { StromboliError, type Issue } from "../errors.ts";
import { whyRefused } from "./refused.ts";

/** A place in the file: `services.db.ports.0`. */
export type Place = readonly PropertyKey[];

/** The refusal of what stands at a place of the file. */
export const invalid = (place: Place, message: string): StromboliError => {
  const path = place.map(String).join(".");
  return new StromboliError("compose_invalid", path ? `${path}: ${message}` : message, { issues: [{ path, message }] });
};

/** Does what policy has a say in; its refusal then names the place, and what is no fit value is the file's fault. */
export const at = <Result>(place: Place, decide: () => Result): Result => {
  try {
    return decide();
  } catch (error) {
    if (!(error instanceof StromboliError)) throw error;
    if (error.code === "invalid_request") throw invalid(place, error.message);
    throw new StromboliError(error.code, `${place.map(String).join(".")}: ${error.message}`, { cause: error });
  }
};

/** What zod found wrong, as one sentence and as a list. */
export const invalidFile = (error: z.core.$ZodError): StromboliError => {
  const issues = error.issues.flatMap(toIssues);
  const [first = { path: "", message: "is not valid" }] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  return new StromboliError("compose_invalid", `${first.path || "the file"}: ${first.message}${more}`, { issues });
};

const toIssues = (issue: z.core.$ZodIssue): Issue[] => {
  const path = issue.path.map(String).join(".");
  if (issue.code === "invalid_key")
    return [{ path, message: `the name ${issue.issues[0]?.message ?? "is not valid"}` }];
  if (issue.code !== "unrecognized_keys")
    return [{ path, message: issue.message.replace(/^Invalid input: .* received undefined$/, "is missing") }];
  return issue.keys.map((key) => ({
    path: path ? `${path}.${key}` : key,
    message: `is refused: ${whyRefused(issue.path, key)}`,
  }));
};
