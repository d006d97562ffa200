import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseDocument,
  type Alias,
  type Document,
  type Node,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import { messageOf } from "../errors.ts";
import { invalid } from "./invalid.ts";

/** What a YAML text holds: numbers are texts here, just as they were written, so that 1.10 and 0022 stay themselves. */
export type Value = string | boolean | null | readonly Value[] | { readonly [name: string]: Value };

export const isMapping = (value: unknown): value is { readonly [name: string]: Value } =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const mostTokens = 20_000;
const mostValues = 20_000;
const deepest = 32;

/** Reads one YAML document, of a size that is bounded before anything grows with it. Throws `compose_invalid`. */
export const readYaml = (text: string): Value => {
  refuseOversize(text);
  const lines = new LineCounter();
  const doc = parseDocument(text, {
    version: "1.2",
    schema: "core",
    merge: true,
    stringKeys: true,
    uniqueKeys: false, // looked at below: the parser's own way takes quadratic time
    logLevel: "error",
    lineCounter: lines,
  });
  const [problem] = [...doc.errors, ...doc.warnings];
  if (problem) throw invalid([], `is no YAML: ${firstLine(problem.message)}`);
  measure(doc, lines);
  try {
    return doc.toJS({ maxAliasCount: -1 }) as Value; // measured already; the core schema knows no other types, and numbers have become texts
  } catch (error) {
    throw invalid([], `is no YAML: ${messageOf(error)}`);
  }
};

const firstLine = (message: string): string => {
  const [first = ""] = message.split("\n");
  return first.startsWith("Maximum call stack") ? "it is nested too deeply" : first.replace(/:$/, "");
};

/** By the lexer, which is lazy: a parser would first build all of it. */
const refuseOversize = (text: string): void => {
  const control = /[^\P{Cc}\t\r\n\x85]/u.exec(text);
  if (control) {
    const line = text.slice(0, control.index).split("\n").length;
    throw invalid([], `is no YAML: it has a control character at line ${line}`);
  }
  let tokens = 0;
  for (const _ of new Lexer().lex(text))
    if (++tokens > mostTokens) throw invalid([], "is too large for a compose file; make it simpler");
};

/** Counts what aliases and merges unfold to, so that none of them can be made to grow; and turns numbers into texts. */
const measure = ({ contents }: Document, lines: LineCounter): void => {
  const anchors = new Map<string, number>();
  const refuse = (node: Node, message: string) =>
    invalid([], `line ${lines.linePos(node.range?.[0] ?? 0).line}: ${message}`);

  const sizeOf = (node: unknown, depth: number): number => {
    if (isAlias(node)) return unfolded(node);
    if (isScalar(node)) {
      if (typeof node.value === "number") node.value = node.source ?? String(node.value);
      return kept(node, 1);
    }
    if (!isMap<Node>(node) && !isSeq(node)) return 1;
    if (depth > deepest) throw refuse(node, "it is nested too deeply");
    return kept(
      node,
      below(node).reduce<number>((sum, item) => sum + sizeOf(item, depth + 1), 1),
    );
  };

  const below = (node: YAMLMap<Node> | YAMLSeq): readonly unknown[] => {
    if (!isMap<Node>(node)) return node.items;
    const twice = repeated(node.items.map(({ key }) => key));
    if (twice) throw refuse(twice, `the key ${String(twice)} is there twice`);
    return node.items.flatMap(({ key, value }) => [key, value]);
  };

  const unfolded = (alias: Alias): number => {
    const size = anchors.get(alias.source);
    if (size === undefined) throw refuse(alias, `the alias *${alias.source} stands for nothing that is complete`);
    return size;
  };

  const kept = (node: Scalar | YAMLMap | YAMLSeq, size: number): number => {
    if (size > mostValues) throw refuse(node, "its aliases unfold to more than a compose file can need");
    if (node.anchor !== undefined) anchors.set(node.anchor, size);
    return size;
  };
  sizeOf(contents, 0);
};

const repeated = (keys: readonly Node[]): Node | undefined => {
  const seen = new Set<string>();
  return keys.find((key) => seen.size === seen.add(String(key)).size);
};
