import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { distance } from "fastest-levenshtein";
import { isMap, isScalar, LineCounter, parse as parseYaml, parseDocument, type Document } from "yaml";
import { z } from "zod";
import { StromboliError, type Issue } from "./errors.ts";
import { configFolder } from "./paths.ts";
import { Config } from "./schema/config.ts";

type Environment = Readonly<Record<string, string | undefined>>;
export type ConfigSources = { env: Environment; cwd: string; file?: string | undefined; flags?: readonly string[] };

/** The configuration as it holds now, and the file it came from: flag > environment > file > default. */
export const loadConfig = (sources: ConfigSources): { config: Config; file: string | undefined } => {
  const path = findFile(sources);
  const source = path === undefined ? undefined : readSource(path);
  const values: Tree = { ...source?.values };
  setVariables(values, sources.env);
  for (const flag of sources.flags ?? []) setFlag(values, flag);

  const result = Config.safeParse(values);
  if (result.success) return { config: result.data, file: path };
  throw invalid(result.error, sources.env, source);
};

/** Every key as a path of names, such as `["server", "port"]`. */
export const configKeys = (schema: z.ZodType = Config, path: string[] = []): string[][] => {
  const shape = shapeOf(schema);
  return shape ? Object.entries(shape).flatMap(([name, inner]) => configKeys(inner, [...path, name])) : [path];
};

/** The environment variable of a key: STROMBOLI_SERVER_PORT. */
export const variableOf = (key: readonly string[]): string => `STROMBOLI_${key.join("_").toUpperCase()}`;

type Tree = { [name: string]: unknown };

const shapeOf = (schema: z.ZodType): Record<string, z.ZodType> | undefined => {
  if (schema instanceof z.ZodObject) return schema.shape;
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault) return shapeOf(schema.unwrap() as z.ZodType); // zod 4 types inner schemas as core types
  return undefined;
};

const findFile = ({ env, cwd, file }: ConfigSources): string | undefined => {
  const named = file ?? env["STROMBOLI_CONFIG"];
  if (named !== undefined && named !== "") {
    if (!existsSync(named)) throw new StromboliError("config_invalid", `there is no configuration file ${named}`);
    return named;
  }
  return [cwd, configFolder(env), "/etc/stromboli"]
    .map((folder) => join(folder, "stromboli.yaml"))
    .find((path) => existsSync(path));
};

type Source = { path: string; doc: Document; lines: LineCounter; values: Tree };

const readSource = (path: string): Source => {
  const lines = new LineCounter();
  const doc = parseDocument(readFileSync(path, "utf8"), { lineCounter: lines });
  const [error] = doc.errors;
  if (error) throw new StromboliError("config_invalid", `${path}: ${error.message}`);
  const values: unknown = doc.toJS() ?? {};
  if (isTree(values)) return { path, doc, lines, values };
  throw new StromboliError(
    "config_invalid",
    `${path}:1: a configuration file holds keys and values, such as server.port`,
  );
};

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

const setVariables = (values: Tree, env: Environment): void => {
  for (const key of configKeys()) {
    const text = env[variableOf(key)];
    if (text !== undefined) set(values, key, readValue(key, text));
  }
};

/** Lists may be written with commas; everything else is a YAML scalar, and text keys take the text as it stands. */
const readValue = (key: readonly string[], text: string): unknown => {
  const probe = Config.safeParse(nest(key, text));
  if (probe.success) return text;
  if (text.startsWith("[") || text.startsWith("{")) return parseYaml(text);
  const list = text === "" ? [] : text.split(",").map((item) => item.trim());
  return Config.safeParse(nest(key, list)).success ? list : parseYaml(text);
};

const nest = (key: readonly string[], value: unknown): Tree => {
  const tree: Tree = {};
  set(tree, key, value);
  return tree;
};

const set = (tree: Tree, [name = "", ...rest]: readonly string[], value: unknown): void => {
  if (rest.length === 0) {
    tree[name] = value;
    return;
  }
  const inner = { ...(tree[name] as Tree | undefined) };
  tree[name] = inner;
  set(inner, rest, value);
};

const setFlag = (values: Tree, flag: string): void => {
  const at = flag.indexOf("=");
  if (at < 1)
    throw new StromboliError("config_invalid", `--set ${flag}: write it as key=value, such as server.port=9000`);
  const key = flag.slice(0, at).split(".");
  set(values, key, readValue(key, flag.slice(at + 1)));
};

const invalid = (error: z.ZodError, env: Environment, source: Source | undefined) => {
  const issues = error.issues.flatMap((issue) => describe(issue, env, source));
  const text = issues.map(({ path, message }) => `${path}: ${message}`).join("\n");
  return new StromboliError("config_invalid", text, { issues });
};

const describe = (issue: z.core.$ZodIssue, env: Environment, source: Source | undefined): Issue[] => {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((name) => ({
      path: place([...path, name], env, source),
      message: `unknown key${suggestion(path, name)}`,
    }));
  }
  return [{ path: place(path, env, source), message: issue.message }];
};

/** Where a bad value was written: a variable, or file and line. */
const place = (path: readonly string[], env: Environment, source: Source | undefined): string => {
  const key = path.join(".");
  const variable = variableOf(path);
  if (env[variable] !== undefined) return variable;
  if (!source?.doc.hasIn(path)) return key;
  const parent = source.doc.getIn(path.slice(0, -1), true);
  const name = path.at(-1);
  const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === name) : undefined;
  const offset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
  return offset === undefined
    ? `${source.path}: ${key}`
    : `${source.path}:${source.lines.linePos(offset).line}: ${key}`;
};

const suggestion = (parent: readonly string[], name: string): string => {
  const full = [...parent, name].join(".");
  const [best] = configKeys()
    .map((key) => key.join("."))
    .map((key) => ({ key, far: distance(full, key) }))
    .toSorted((a, b) => a.far - b.far);
  return best && best.far <= 4 ? `, did you mean ${best.key}?` : "";
};
