import { StromboliError } from "../errors.ts";

/** Variables as Podman's --env-file has them: one a line, and nothing quoted. */
export const envFile = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables).map(line).join("");

/** A line feed would begin another variable, and one without a value makes Podman pass on the daemon's own. */
const line = ([name, value]: [string, string]): string => {
  if (/[\r\n\0]/.test(value))
    throw new StromboliError("invalid_request", `the environment variable ${name} is not one line`);
  return `${name}=${value}\n`;
};
