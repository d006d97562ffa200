import type { Schema } from "./document.ts";

/** A piece of what a type is: words, or the name of a schema. */
type Piece = string | { schema: string };

/** What a value is, in a few words. Pure. */
export const typeOf = (schema: Schema = {}): Piece[] => {
  const { $ref, enum: values, items, anyOf, oneOf, properties, additionalProperties } = schema;
  if ($ref !== undefined) return [{ schema: $ref.split("/").at(-1) ?? "" }];
  if (values) return [values.map((value) => JSON.stringify(value)).join(" | ")];
  const choice = anyOf ?? oneOf;
  if (choice) return choice.flatMap((one, index) => [...(index > 0 ? [" or "] : []), ...typeOf(one)]);
  if (items) return ["list of ", ...typeOf(items)];
  if (properties) return [`object with ${Object.keys(properties).join(", ")}`];
  if (typeof additionalProperties === "object") return ["object of ", ...typeOf(additionalProperties)];
  return [plainType(schema)];
};

const plainType = ({ type, format }: Schema): string => {
  if (type === undefined) return "anything";
  return `${[type].flat().join(" or ")}${format === undefined ? "" : ` (${format})`}`;
};
