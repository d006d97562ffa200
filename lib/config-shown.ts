import { configKeys, valueAt } from "./config.ts";
import type { Config } from "./schema/config.ts";

const secret = new Set(["auth.jwt_secret", "webhooks.secret"]);

/** A configuration as it may be shown to whoever looks over a shoulder. */
export const shownConfig = (config: Config): { key: string; path: string[]; value: unknown }[] =>
  configKeys().map((path) => {
    const key = path.join(".");
    const value = valueAt(config, path);
    return { key, path, value: secret.has(key) && value !== "" ? "********" : value };
  });

/** The text of stromboli.yaml with all settings commented out: so that nobody's file keeps a default that has changed. */
export const draftConfig = (example: string): string =>
  example
    .replace(
      "Copy what you change into a file of your own; all keys are",
      "Take the # away before what you change; all keys are",
    )
    .replaceAll(/^( *)(\w+: *\S.*)$/gm, "$1# $2");
