import { z } from "zod";
import { errorCodes } from "../errors.ts";

export const Failure = z
  .object({
    error: z.string().describe("One sentence: what went wrong and what to do."),
    code: z.enum(errorCodes).describe("Stable: programs may rely on it."),
    request_id: z.string(),
    id: z.literal("").optional(),
    status: z.literal("error").optional(),
    success: z.literal(false).optional(),
    details: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Failure" });
export type Failure = z.output<typeof Failure>;
