import type { z } from "zod";
import type { Source } from "./config-source.ts";
import { didYouMean } from "./did-you-mean.ts";
import { StromboliError, type Issue } from "./errors.ts";

type Context = {
  source: Source | undefined;
  keys: readonly string[];
  /** The variable that set a key, if one did. */
  variableFor: (key: readonly string[]) => string | undefined;
  /** Whether `--set` did, which goes before all else. */
  isFlag: (key: readonly string[]) => boolean;
};

/** What is wrong with a configuration, each with the place where it was written. */
export const describeIssues = (error: z.ZodError, context: Context): Issue[] =>
  error.issues.flatMap((issue) => {
    const key = issue.path.map(String);
    if (issue.code !== "unrecognized_keys") return [{ path: placeOf(key, context), message: issue.message }];
    return issue.keys.map((name) => ({
      path: placeOf([...key, name], context),
      message: `unknown key${didYouMean([...key, name].join("."), context.keys)}`,
    }));
  });

const placeOf = (key: readonly string[], { source, variableFor, isFlag }: Context): string => {
  if (isFlag(key)) return `--set ${key.join(".")}`;
  const variable = variableFor(key);
  if (variable !== undefined) return variable;
  const line = source?.lineOf(key);
  return source && line !== undefined ? `${source.path}:${line}: ${key.join(".")}` : key.join(".");
};

/** One thing that keeps a configuration from being read at all. */
export const unreadable = (path: string, message: string, cause?: unknown): StromboliError =>
  new StromboliError("config_invalid", `${path}: ${message}`, { cause, issues: [{ path, message }] });
