import { z } from "zod";

export const Component = z
  .object({ name: z.string(), status: z.enum(["ok", "error"]), error: z.string().optional() })
  .meta({ id: "Component" });
export type Component = z.output<typeof Component>;

export const Health = z
  .object({
    status: z.enum(["ok", "degraded"]),
    name: z.literal("stromboli"),
    version: z.string(),
    components: z.array(Component),
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
