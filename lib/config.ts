import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { parse as parseYaml } from "yaml";
import { z } from "zod";
import { describeIssues, unreadable } from "./config-issues.ts";
import { isTree, readSource, type Source, type Tree } from "./config-source.ts";
import { didYouMean } from "./did-you-mean.ts";
import { messageOf, StromboliError } from "./errors.ts";
import { configFolder } from "./paths.ts";
import { Config } from "./schema/config.ts";

type Environment = Readonly<Record<string, string | undefined>>;
/** Without `cwd` no file of the working directory is read. */
export type ConfigSources = {
  env: Environment;
  cwd?: string | undefined;
  file?: string | undefined;
  flags?: readonly string[];
};

type Loaded = {
  config: Config;
  /** The file that it came from. */
  file: string | undefined;
  /** Where the value of a key came from, for a person. */
  originOf: (key: readonly string[]) => string;
};

/** The configuration as it holds now: flag > environment > file > default. */
export const loadConfig = (sources: ConfigSources): Loaded => {
  const path = findFile(sources);
  const source = path === undefined ? undefined : readSource(path);
  const values: Tree = { ...source?.values };
  setVariables(values, sources.env);
  refuseUnknownVariables(sources.env);
  for (const flag of sources.flags ?? []) setFlag(values, flag);

  const result = Config.safeParse(values);
  const originOf = (key: readonly string[]) => findOrigin(key, { source, ...sources });
  if (result.success) return { config: result.data, file: path, originOf };
  const names = keys.map((key) => key.join("."));
  const issues = describeIssues(result.error, {
    source,
    keys: names,
    variableFor: (key) => usedVariable(key, sources.env),
    isFlag: (key) => isFlag(key, sources.flags),
  });
  const text = issues.map((issue) => `${issue.path}: ${issue.message}`).join("\n");
  throw new StromboliError("config_invalid", text, { issues });
};

/** The environment variable of a key: STROMBOLI_SERVER_PORT. */
export const variableOf = (key: readonly string[]): string => `STROMBOLI_${key.join("_").toUpperCase()}`;

const usedVariable = (key: readonly string[], env: Environment): string | undefined =>
  key.map((_, index) => variableOf(key.slice(0, index + 1))).find((variable) => env[variable] !== undefined);

/** Whether a flag set a key, or a section that it is in. */
const isFlag = (key: readonly string[], flags: readonly string[] = []): boolean => {
  const sections = new Set(key.map((_, index) => key.slice(0, index + 1).join(".")));
  return flags.some((flag) => sections.has(flag.slice(0, flag.indexOf("="))));
};

const findOrigin = (
  key: readonly string[],
  { source, env, flags }: ConfigSources & { source: Source | undefined },
): string => {
  if (isFlag(key, flags)) return "--set";
  const variable = usedVariable(key, env);
  if (variable !== undefined) return variable;
  const line = source && valueAt(source.values, key) !== undefined ? source.lineOf(key) : undefined;
  return source && line !== undefined ? `${source.path}:${line}` : "default";
};

/** What stands in a tree below a path of names. */
export const valueAt = (tree: Tree, key: readonly string[]): unknown =>
  key.reduce<unknown>((inner, name) => (isTree(inner) ? inner[name] : undefined), tree);

/** Every key as a path of names, such as `["server", "port"]`. */
export const configKeys = (schema: z.ZodType = Config, path: string[] = []): string[][] => {
  const shape = shapeOf(schema);
  return shape ? Object.entries(shape).flatMap(([name, inner]) => configKeys(inner, [...path, name])) : [path];
};

const shapeOf = (schema: z.ZodType): Record<string, z.ZodType> | undefined => {
  const inner = innerOf(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
};

const innerOf = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault ? innerOf(schema.unwrap() as z.ZodType) : schema; // zod types inner schemas as core types

const keys = configKeys();

const leafOf = (key: readonly string[]): z.ZodType | undefined =>
  key.reduce<z.ZodType | undefined>((schema, name) => schema && shapeOf(schema)?.[name], Config);

/** The file that counts, if there is one; throws when the one that was named is not there. */
export const findFile = ({ env, cwd, file }: ConfigSources): string | undefined => {
  const named = file ?? env["STROMBOLI_CONFIG"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) {
      const issues = [{ path: named, message: "there is no such file" }];
      throw new StromboliError("config_invalid", `there is no configuration file ${named}`, { issues });
    }
    return named;
  }
  const folders = [...(cwd === undefined ? [] : [cwd]), configFolder(env), "/etc/stromboli"];
  const paths = folders.map((folder) => join(folder, "stromboli.yaml"));
  return paths.find((path) => existsSync(path) && realpathSync(path) !== reference);
};

/** In a checkout it lies where a configuration is looked for, and its defaults would hide what the user has set. */
const reference = join(import.meta.dirname, "../stromboli.yaml");

/** Text keys take the text as it stands, lists may be written with commas, and everything else is YAML. */
const readValue = (key: readonly string[], { text, origin }: { text: string; origin: string }): unknown => {
  const leaf = leafOf(key);
  if (!leaf || leaf.safeParse(text).success) return text;
  if (innerOf(leaf) instanceof z.ZodArray && !text.startsWith("["))
    return text === "" ? [] : text.split(",").map((item) => item.trim());
  try {
    return parseYaml(text);
  } catch (cause) {
    throw unreadable(origin, messageOf(cause), cause);
  }
};

/** A value that stands where a section belongs stays, to be refused for what it is. */
const set = (tree: Tree, [name = "", ...rest]: readonly string[], value: unknown): void => {
  const inner = tree[name];
  if (rest.length === 0) tree[name] = value;
  else if (inner === undefined || isTree(inner)) {
    const copy = { ...inner };
    tree[name] = copy;
    set(copy, rest, value);
  }
};

const setVariables = (values: Tree, env: Environment): void => {
  for (const key of keys) {
    const origin = variableOf(key);
    const text = env[origin];
    if (text !== undefined) set(values, key, readValue(key, { text, origin }));
  }
};

/** Variables of ours that are no keys: they say where to find the daemon and the file, or are the set-up's own. */
const otherVariables = ["CONFIG", "HOST", "TOKEN", "CONTEXT", "SETUP_LOCKED"].map((name) => `STROMBOLI_${name}`);

const refuseUnknownVariables = (env: Environment): void => {
  const known = [...keys.map(variableOf), ...otherVariables];
  const unknown = Object.keys(env).find((name) => name.startsWith("STROMBOLI_") && !known.includes(name));
  if (unknown === undefined) return;
  throw unreadable(unknown, `there is no such variable${didYouMean(unknown, known)}`);
};

const setFlag = (values: Tree, flag: string): void => {
  const at = flag.indexOf("=");
  if (at < 1)
    throw new StromboliError("config_invalid", `--set ${flag}: write it as key=value, such as server.port=9000`);
  const key = flag.slice(0, at).split(".");
  set(values, key, readValue(key, { text: flag.slice(at + 1), origin: `--set ${flag}` }));
};
