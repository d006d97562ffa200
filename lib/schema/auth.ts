import { z } from "zod";

export const Scope = z
  .enum(["read", "run", "secrets", "images", "admin"])
  .describe("read: look at one's jobs and sessions. run: start and cancel runs. admin: everything, everybody's.");
export type Scope = z.output<typeof Scope>;
