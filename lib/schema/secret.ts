import { z } from "zod";

const SecretName = z.string().regex(/^[A-Za-z0-9_-]{1,253}$/, "must be 1 to 253 of letters, digits, _ and -");

const largest = 511_999; // Podman's own limit

export const SecretRequest = z
  .strictObject({
    name: SecretName.describe("What requests call it in podman.secrets_env."),
    value: z
      .string()
      .min(1, "must not be empty")
      .regex(/^[^\0]*$/, "must have no NUL: an environment variable cannot hold one")
      .refine(
        (value) => Buffer.byteLength(value) <= largest,
        `must have at most ${largest} bytes: Podman takes no more`,
      )
      .describe("The value, as it is: a line feed at its end counts. The kernel takes variables below 128 KiB."),
  })
  .meta({ id: "SecretRequest" });
export type SecretRequest = z.output<typeof SecretRequest>;

export const Secret = z
  .object({ id: z.string().describe("Podman's id."), name: z.string(), created_at: z.iso.datetime() })
  .meta({ id: "Secret" });
export type Secret = z.output<typeof Secret>;

export const SecretList = z.object({ secrets: z.array(Secret) }).meta({ id: "SecretList" });
export const SecretChanged = z.object({ success: z.literal(true), name: z.string() }).meta({ id: "SecretChanged" });
