import type { z } from "zod";
import { StromboliError, type Issue } from "../errors.ts";
import { issuesOf } from "../schema/issues.ts";
import { whyRefused } from "./refused.ts";

/** A place in the file: `services.db.ports.0`. */
export type Place = readonly PropertyKey[];

/** The refusal of what stands at a place of the file. */
export const invalid = (place: Place, message: string): StromboliError =>
  refusal([{ path: place.map(String).join("."), message }], 1);

const longest = 300;
const most = 20;

/** A file can hold names of any length, and any number of mistakes: an answer says what somebody can read. */
const refusal = (issues: readonly Issue[], count: number): StromboliError => {
  const short = issues.map(({ path, message }) => ({ path: cut(path), message: cut(message) }));
  const [{ path, message } = { path: "", message: "is not valid" }] = short;
  const more = count > 1 ? ` (and ${count - 1} more)` : "";
  return new StromboliError("compose_invalid", `${path || "the file"}: ${message}${more}`, { issues: short });
};

const cut = (text: string): string => (text.length > longest ? `${text.slice(0, longest)}…` : text);

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
  const issues = issuesOf(error, (place, key) => `is refused: ${whyRefused(place, key)}`);
  return refusal(issues.slice(0, most), issues.length);
};
