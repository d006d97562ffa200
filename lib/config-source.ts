import { readFileSync } from "node:fs";
import { isMap, isScalar, isSeq, LineCounter, parseDocument, type Document, type Node } from "yaml";
import { unreadable } from "./config-issues.ts";
import { messageOf } from "./errors.ts";

export type Tree = { [name: string]: unknown };
/** A configuration file: its values, and the lines on which they stand. */
export type Source = { path: string; values: Tree; lineOf: (key: readonly string[]) => number | undefined };

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Reads a file; throws `config_invalid` with its name and line when it is not keys and values. */
export const readSource = (path: string): Source => {
  const lines = new LineCounter();
  const doc = parseDocument(readText(path), { lineCounter: lines });
  const [error] = doc.errors;
  if (error) throw unreadable(`${path}:${error.linePos?.[0].line ?? 1}`, error.message);
  const values: unknown = doc.toJS() ?? {};
  if (!isTree(values)) throw unreadable(`${path}:1`, "a configuration file holds keys and values, such as server.port");
  return { path, values: withoutNulls(values), lineOf: (key) => lineOf(doc, lines, key) };
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw unreadable(path, messageOf(cause), cause);
  }
};

/** A key with nothing behind it, as when all below it is commented out, is a key left out. */
const withoutNulls = (tree: Tree): Tree =>
  Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name, isTree(value) ? withoutNulls(value) : value]),
  );

/** The line of a key, or of the nearest one above it that the file has. */
const lineOf = (doc: Document, lines: LineCounter, key: readonly string[]): number | undefined => {
  if (key.length === 0) return undefined;
  const parent = key.length === 1 ? doc.contents : doc.getIn(key.slice(0, -1), true);
  const offset = nodeOf(parent, key.at(-1) ?? "")?.range?.[0];
  return offset === undefined ? lineOf(doc, lines, key.slice(0, -1)) : lines.linePos(offset).line;
};

const nodeOf = (parent: unknown, name: string): Node | undefined => {
  if (isSeq<Node>(parent)) return parent.items[Number(name)];
  const key = isMap(parent) ? parent.items.find((pair) => String(pair.key) === name)?.key : undefined;
  return isScalar(key) ? key : undefined;
};
