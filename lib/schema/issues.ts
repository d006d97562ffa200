import type { z } from "zod";
import type { Issue } from "../errors.ts";

type Unknown = (path: readonly PropertyKey[], key: string) => string;

/** What zod found wrong, in our words; `unknown` says what is wrong with a key that nobody knows. */
export const issuesOf = (error: z.core.$ZodError, unknown: Unknown): Issue[] =>
  error.issues.flatMap((issue): Issue[] => {
    const path = issue.path.map(String).join(".");
    if (issue.code === "invalid_key")
      return [{ path, message: `the name ${issue.issues[0]?.message ?? "is not valid"}` }];
    if (issue.code !== "unrecognized_keys")
      return [{ path, message: issue.message.replace(/^Invalid input: .* received undefined$/, "is missing") }];
    return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: unknown(issue.path, key) }));
  });
