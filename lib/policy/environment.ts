import { StromboliError } from "../errors.ts";

/** Variables that steer the loader, the shell, the CLI or the broker: a request may not set them. */
const refused =
  /^(LD_.*|PATH|HOME|SHELL|USER|LOGNAME|PWD|IFS|ENV|BASH_ENV|BASH_FUNC_.*|PS4|NODE_OPTIONS|BUN_.*|IS_SANDBOX|ANTHROPIC_.*|CLAUDE_.*|CLAUDECODE|(HTTP|HTTPS|ALL|NO)_PROXY|GCONV_PATH|LOCPATH|PYTHONHOME)$/i;

/** The name itself, when a request may set it in the container. */
export const checkEnvName = (name: string): string => {
  if (refused.test(name))
    throw new StromboliError("invalid_request", `the environment variable ${name} is reserved; use another name`);
  return name;
};

/** The name itself. A comma here would add options to Podman's --secret, so the schema's pattern is held once more. */
export const checkSecretName = (name: string): string => {
  if (!/^[A-Za-z0-9_-]{1,253}$/.test(name))
    throw new StromboliError("invalid_request", "a secret's name is 1 to 253 of letters, digits, _ and -");
  return name;
};
