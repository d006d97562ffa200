import { z } from "zod";

export const Component = z
  .object({ name: z.string(), status: z.enum(["ok", "error"]), error: z.string().optional() })
  .meta({ id: "Component" });
export type Component = z.output<typeof Component>;

/** Something of this machine that costs runs something, without keeping them from running. */
export const Warning = z
  .object({
    name: z.string().describe("The check of `stromboli doctor` that found it."),
    message: z.string().describe("What was found, and what follows from it."),
    remedy: z.string().describe("What to do about it."),
  })
  .meta({ id: "Warning" });
export type Warning = z.output<typeof Warning>;

export const Health = z
  .object({
    status: z.enum(["ok", "degraded"]),
    name: z.literal("stromboli"),
    version: z.string(),
    components: z.array(Component),
    warnings: z
      .array(Warning)
      .optional()
      .describe(
        "What is less than it should be on this machine; `status` does not depend on it. Left out where a token is needed: it tells of paths and users.",
      ),
  })
  .meta({ id: "Health" });

export const ClaudeStatus = z
  .object({
    configured: z.boolean(),
    message: z.string(),
    cli_version: z.string(),
    credentials: z.enum(["api_key", "oauth", "none"]),
  })
  .meta({ id: "ClaudeStatus" });
