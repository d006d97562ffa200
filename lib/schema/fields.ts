import { z } from "zod";

/** The fields that there are at a place of a schema, each with the way to it; none where there is no object. */
export const fieldsAt = (schema: z.ZodType, path: readonly PropertyKey[]): string[] => {
  const place = path.reduce<z.ZodType | undefined>(within, schema);
  const inner = place && innerOf(place);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.keys(inner.shape).map((name) => [...path, name].map(String).join("."));
};

const within = (schema: z.ZodType | undefined, name: PropertyKey): z.ZodType | undefined => {
  const inner = schema && innerOf(schema);
  if (inner instanceof z.ZodObject) return (inner.shape as Record<PropertyKey, z.ZodType>)[name];
  if (inner instanceof z.ZodArray) return inner.element as z.ZodType; // zod types inner schemas as core types
  if (inner instanceof z.ZodRecord) return inner.valueType as z.ZodType;
  return undefined;
};

const innerOf = (schema: z.ZodType): z.ZodType =>
  schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault
    ? innerOf(schema.unwrap() as z.ZodType)
    : schema;
