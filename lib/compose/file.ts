import { z } from "zod";
import { Flag, Name, optional } from "./fields.ts";
import { invalidFile } from "./invalid.ts";
import { SecretName, ServiceKeys } from "./service-keys.ts";
import { readTree } from "./tree.ts";
import type { Variables } from "./variables.ts";

const most = 20;

const NetworkKeys = z
  .strictObject(
    { driver: z.literal("bridge", "must be bridge").nullish(), internal: Flag.nullish() },
    "must be a mapping, or nothing",
  )
  .nullable();

const VolumeKeys = z.strictObject({}, "must be nothing: volumes have no options here").nullable();

const external = "must be external: true; make the secret with stromboli secrets create";
const SecretKeys = z.strictObject({ external: Flag.refine((given) => given, external) }, external);

/** Like z.record, for the parts of a file that hold things by their names. */
const named = <Value extends z.ZodType>(name: typeof Name, value: Value) =>
  z
    .record(name, value, "must be a mapping of names")
    .refine((entries) => Object.keys(entries).length <= most, `must have at most ${most} entries`);

const NetworkName = Name.refine((name) => name !== "host" && name !== "none", "means no network of the stack");

/** The keys that a compose file may have; any other is refused. */
const ComposeFile = z.strictObject(
  {
    services: named(Name, ServiceKeys).refine((services) => Object.keys(services).length > 0, "must name a service"),
    networks: optional(named(NetworkName, NetworkKeys)),
    volumes: optional(named(Name, VolumeKeys)),
    secrets: optional(named(SecretName, SecretKeys)),
  },
  "must be a mapping with services",
);
export type ComposeFile = z.output<typeof ComposeFile>;

/** Reads a compose file with its variables put in. Throws `compose_invalid` with the place of what it may not say. */
export const readComposeFile = (text: string, variables: Variables): ComposeFile => {
  const { data, error } = ComposeFile.safeParse(readTree(text, variables));
  if (error) throw invalidFile(error);
  return data;
};
