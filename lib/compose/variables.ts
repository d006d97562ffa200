import { invalid, type Place } from "./invalid.ts";

/** The variables of ${NAME}; a name that is not there has none. */
export type Variables = Readonly<Record<string, string>>;

export const variable = (variables: Variables, name: string): string | undefined =>
  Object.hasOwn(variables, name) ? variables[name] : undefined;

const name = "[A-Za-z_][A-Za-z0-9_]*";
const plain = new RegExp(`^\\$(${name})`);
const braced = new RegExp(`^(${name})(?:(:?[-?+])(.*))?$`, "s");
const deepest = 8;
const longest = 100_000; // bytes: the kernel takes no longer one as an argument or a variable

type Context = { variables: Variables; place: Place };

/** Puts variables into a text, as compose does; but one that is missing is refused and not taken as empty. Pure. */
export const interpolate = (text: string, context: Context): string => unfold(text, context, 0);

const unfold = (text: string, context: Context, depth: number): string => {
  let result = "";
  let rest = text;
  for (let at = rest.indexOf("$"); at >= 0; at = rest.indexOf("$")) {
    const [value, length] = readReference(rest.slice(at), context, depth);
    result += rest.slice(0, at) + value;
    rest = rest.slice(at + length);
    if (result.length > longest) break;
  }
  const whole = result + rest;
  if (Buffer.byteLength(whole) > longest) throw invalid(context.place, `must be at most ${longest} bytes long`);
  return whole;
};

/** The value of what stands at the beginning of `text`, and how long it is there. */
const readReference = (text: string, context: Context, depth: number): [value: string, length: number] => {
  if (text.startsWith("$$")) return ["$", 2];
  const [, bare] = plain.exec(text) ?? [];
  if (bare !== undefined) return [needed(bare, context), 1 + bare.length];
  const end = closingBrace(text);
  const [, named, operator, operand = ""] = braced.exec(text.slice(2, end)) ?? [];
  if (end === undefined || named === undefined) throw invalid(context.place, notReference);
  if (depth >= deepest) throw invalid(context.place, "has variables that are nested too deeply");
  return [choose({ named, operator, operand }, context, depth + 1), end + 1];
};

const notReference =
  "has a $ that begins neither $NAME nor ${NAME}, ${NAME:-default} and the like; write $$ for a dollar sign";

type Reference = { named: string; operator: string | undefined; operand: string };

const choose = ({ named, operator, operand }: Reference, context: Context, depth: number): string => {
  if (operator === undefined) return needed(named, context);
  const value = variable(context.variables, named);
  const given = operator.startsWith(":") ? value !== undefined && value !== "" : value !== undefined;
  if (operator.endsWith("+")) return given ? unfold(operand, context, depth) : "";
  if (given) return value ?? "";
  if (operator.endsWith("-")) return unfold(operand, context, depth);
  throw invalid(context.place, `needs the variable ${named}: ${unfold(operand, context, depth)}`);
};

const needed = (named: string, { variables, place }: Context): string => {
  const value = variable(variables, named);
  if (value !== undefined) return value;
  throw invalid(
    place,
    `needs the variable ${named}; set it in podman.env of the request, or write \${${named}:-DEFAULT}`,
  );
};

const closingBrace = (text: string): number | undefined => {
  if (!text.startsWith("${")) return undefined;
  let open = 0;
  for (let index = 0; index < text.length; index++) {
    if (text.startsWith("${", index)) open++;
    if (text[index] === "}" && --open === 0) return index;
  }
  return undefined;
};
