import { z } from "zod";
import { ContainerPath, Flag, Name, oneOf, Text } from "./fields.ts";

/** An entry of a service's volumes; the source of a bind is as it was written. */
export type MountEntry =
  | { type: "volume"; source: string; target: string; readOnly: boolean }
  | { type: "bind"; source: string; target: string; options: readonly string[] }
  | { type: "tmpfs"; target: string };

/** A path of this machine. */
export const HostPath = Text.max(4096)
  .regex(/^[^~]/, "must not begin with ~: the daemon may have another home; write the path in full")
  .regex(/^[^\p{Cc}:]+$/u, "must be a path, without colons and control characters");

const isPath = (source: string): boolean => /^[./~]/.test(source); // or else it names a volume

const Source = Text.transform((text, context) => {
  const { error } = (isPath(text) ? HostPath : Name).safeParse(text);
  if (error) context.addIssue(error.issues[0]?.message ?? "is not valid");
  return text;
});

type Parts = { source?: string | undefined; target: string; readOnly: boolean; labels?: readonly string[] };

/** Without a source it is a volume of no name, which goes with the stack, as a tmpfs does. */
const entryOf = ({ source, target, readOnly, labels = [] }: Parts): MountEntry => {
  if (source === undefined) return { type: "tmpfs", target };
  if (!isPath(source)) return { type: "volume", source, target, readOnly };
  return { type: "bind", source, target, options: [...labels, readOnly ? "ro" : "rw"] };
};

const ShortParts: z.ZodType<{ source?: string | undefined; target: string; options: string[] }> = z.object({
  source: Source.optional(),
  target: ContainerPath,
  options: z.array(z.enum(["ro", "rw", "z", "Z"], "must be one of ro, rw, z, Z")),
});

const Short = Text.regex(/^[^:]+(?::[^:]+){0,2}$/, {
  error: "must be TARGET, SOURCE:TARGET or SOURCE:TARGET:OPTIONS",
  abort: true,
})
  .transform((text): unknown => {
    const parts = text.split(":");
    const [source, target, options] = parts.length === 1 ? [undefined, ...parts] : parts;
    return { source, target, options: options?.split(",") ?? [] };
  })
  .pipe(ShortParts)
  .transform(({ source, target, options }) =>
    entryOf({
      source,
      target,
      readOnly: options.includes("ro"),
      labels: options.filter((option) => option === "z" || option === "Z"),
    }),
  );

const fits = { bind: "must be a path", volume: "must be the name of a volume", tmpfs: "has no place in a tmpfs" };

const Long = z
  .strictObject({
    type: z.enum(["volume", "bind", "tmpfs"], "must be volume, bind or tmpfs"),
    source: Source.optional(),
    target: ContainerPath,
    read_only: Flag.optional(),
  })
  .superRefine(({ type, source }, context) => {
    const found = source === undefined ? "tmpfs" : isPath(source) ? "bind" : "volume";
    if (found !== type && !(type === "volume" && source === undefined))
      context.addIssue({ code: "custom", path: ["source"], message: fits[type] });
  })
  .transform(({ source, target, read_only: readOnly = false }) => entryOf({ source, target, readOnly }));

export const MountKeys = oneOf<MountEntry>(
  { text: Short, mapping: Long },
  "must be SOURCE:TARGET, or a mapping with type, source and target",
);
