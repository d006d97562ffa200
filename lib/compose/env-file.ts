import { resolve } from "node:path";
import { StromboliError } from "../errors.ts";
import { planVolume } from "../policy/volumes.ts";
import { at, invalid, type Place } from "./invalid.ts";
import type { ComposeContext } from "./plan.ts";
import { interpolate, variable, type Variables } from "./variables.ts";

const largest = 262_144;

type EnvFile = { path: string; required: boolean };

/** The variables of an env_file, which has to lie where a volume might. */
export const readEnvFile = (file: EnvFile, place: Place, context: ComposeContext): [string, string][] => {
  const text = findText(file, place, context);
  if (text.length > largest) throw invalid(place, `${file.path} is longer than ${largest} characters`);
  return text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .flatMap((line, index) =>
      readLine(line, { path: `line ${index + 1} of ${file.path}`, place, variables: context.variables }),
    );
};

/** A file that need not be there may as well lie where none is allowed: else it would show whether there is one. */
const findText = ({ path, required }: EnvFile, place: Place, { rules, folder, readText }: ComposeContext): string => {
  try {
    const { source, owner } = at(place, () => planVolume(`${resolve(folder, path)}:/env_file:ro`, rules));
    const text = owner?.kind === "file" ? readText(source) : undefined;
    if (text !== undefined) return text;
  } catch (error) {
    if (required || !(error instanceof StromboliError) || error.code !== "volume_not_allowed") throw error;
  }
  if (!required) return "";
  throw invalid(place, `${path} is no file that can be read`);
};

type Where = { path: string; place: Place; variables: Variables };

/** What is wrong is said without the line itself: it may well hold a password. */
const readLine = (text: string, where: Where): [string, string][] => {
  const line = text.trim();
  if (line === "" || line.startsWith("#")) return [];
  const [, name, , value] = /^(?:export\s+)?([A-Za-z_]\w{0,254})(\s*=(.*))?$/.exec(line) ?? [];
  if (name === undefined || name === "__proto__") throw invalid(where.place, `${where.path} is not NAME=VALUE`);
  const found = value === undefined ? variable(where.variables, name) : readValue(value, where);
  return found === undefined ? [] : [[name, found]];
};

const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')\s*(?:#.*)?$/;
const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" };

const readValue = (text: string, { path, place, variables }: Where): string => {
  const value = text.trimStart();
  const [, double, single] = quoted.exec(value) ?? [];
  if (single !== undefined) return single.replaceAll("\\'", "'");
  const context = { variables, place };
  if (double !== undefined)
    return interpolate(double, context).replaceAll(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter);
  if (/^["']/.test(value)) throw invalid(place, `${path} has a quote that does not end`);
  const comment = text.search(/\s#/);
  return interpolate((comment < 0 ? text : text.slice(0, comment)).trim(), context);
};
