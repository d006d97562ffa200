import { checkEnvName } from "../policy/environment.ts";
import { readEnvFile } from "./env-file.ts";
import { at, invalid, type Place } from "./invalid.ts";
import type { ComposeContext } from "./plan.ts";
import type { ServiceKeys } from "./service-keys.ts";
import { variable } from "./variables.ts";

const longest = 1_048_576; // with the arguments, the kernel takes two million bytes

/** The variables of a service: of its files, the last first, and before all what the service itself says. */
export const planEnvironment = (
  { environment, env_file: files }: ServiceKeys,
  place: Place,
  context: ComposeContext,
): Record<string, string> => {
  const fromFiles = (files ?? []).flatMap((file, index) => readEnvFile(file, [...place, "env_file", index], context));
  const own = Object.entries(environment ?? {}).flatMap(([name, given]): [string, string][] => {
    const value = given ?? variable(context.variables, name);
    return value === undefined ? [] : [[name, value]];
  });
  const variables = Object.fromEntries([...fromFiles, ...own]);
  const names = Object.keys(variables);
  const long = names.find((name) => /[\r\n\0]/.test(variables[name] ?? ""));
  if (long !== undefined) throw invalid([...place, "environment", long], "must be one line");
  if (Object.entries(variables).join("").length > longest)
    throw invalid([...place, "environment"], `must have at most ${longest} characters`);
  if (place[1] === context.service)
    for (const name of names) at([...place, "environment", name], () => checkEnvName(name));
  return variables;
};
