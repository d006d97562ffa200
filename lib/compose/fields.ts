import { split } from "shlex";
import { z } from "zod";
import { messageOf } from "../errors.ts";

/** What services, networks and volumes are called. */
export const Name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, "must be 1 to 63 of a-z, 0-9, _ and -, the first a letter or a digit");

/** A name in the stack's DNS. */
export const HostName = z
  .string("must be a text")
  .regex(/^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/, "must be 1 to 63 of letters, digits and -");

export const Text = z.string("must be a text; put it in quotes").regex(/^[^\0]*$/, "must have no NUL");

/** What is there without a value is as what is not there. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** A path that goes into an option of Podman's, where colons and commas would begin something else. */
export const ContainerPath = z
  .string("must be a path")
  .max(4096)
  .regex(/^\/[^\p{Cc}:,]*$/u, "must be an absolute path, without colons, commas and control characters");

/** A variable may be any text when it has been put in, so that "true" is as good as true. */
export const Flag = z.union(
  [z.boolean(), z.stringbool({ truthy: ["true"], falsy: ["false"], case: "sensitive" })],
  "must be true or false",
);

type Shapes<Output> = { text?: z.ZodType<Output>; list?: z.ZodType<Output>; mapping?: z.ZodType<Output> };

/** What compose lets one write in several ways; unlike in a union, what is wrong is said of the way that was taken. */
export const oneOf = <Output>({ text, list, mapping }: Shapes<Output>, otherwise: string): z.ZodType<Output> =>
  z.unknown().transform((value, context) => {
    const schema = typeof value === "string" ? text : Array.isArray(value) ? list : mapping;
    if (!schema || value === null || typeof value === "boolean") {
      context.addIssue(otherwise);
      return z.NEVER;
    }
    const { data, error } = schema.safeParse(value);
    for (const issue of error?.issues ?? []) {
      context.issues.push({ ...issue, input: value } as z.core.$ZodRawIssue); // an issue with its input is a raw one
    }
    return error ? z.NEVER : data;
  });

/** The words of a command: a list, or a line that is split as a shell splits it, but for variables and the like. */
export const Words = oneOf(
  {
    text: Text.max(16_384, "must be at most 16384 characters; write a list of words")
      .transform((line, context) => {
        try {
          return split(line);
        } catch (error) {
          context.addIssue(`is no command line: ${messageOf(error)}`);
          return z.NEVER;
        }
      })
      .pipe(z.array(Text)),
    list: z.array(Text),
  },
  "must be a command line or a list of words",
);

/** One text, or a list of them. */
export const textOrList = <Output>(item: z.ZodType<Output>) =>
  oneOf<Output[]>({ text: item.transform((one) => [one]), list: z.array(item) }, "must be a text or a list of them");
