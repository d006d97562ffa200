import { z } from "zod";
import { errorCodes } from "../errors.ts";

const count = z.int().nonnegative();

/** Names only where there are values: neither a variable's nor a secret's is told. */
export const ContainerPlan = z
  .object({
    image: z.object({ reference: z.string(), id: z.string(), digest: z.string() }),
    pull: z.boolean().describe("The image would be pulled first; it has no id yet."),
    user: z.string().describe("uid:gid of the agent."),
    workdir: z.string(),
    read_only: z.boolean().describe("Of the root file system."),
    network: z.enum(["none", "full"]),
    volumes: z.array(
      z.object({
        source: z.string().describe("The folder that is mounted, its links resolved."),
        target: z.string(),
        read_only: z.boolean(),
        missing: z.boolean().describe("It would be made for the run."),
      }),
    ),
    services: z
      .array(z.object({ name: z.string(), image: z.string(), networks: z.array(z.string()), memory_bytes: count }))
      .describe("What would run beside the agent, in the order in which it starts."),
    hooks: z
      .array(z.object({ name: z.string(), commands: z.array(z.string()) }))
      .describe("What runs before the agent; all but post_start only once in a session."),
    env: z.array(z.string()).describe("Names of variables that the request gives."),
    secrets: z.array(z.object({ variable: z.string(), name: z.string() })),
    limits: z.object({
      memory_bytes: count,
      cpus: z.string(),
      cpu_shares: count.optional(),
      pids: count,
      timeout_ms: count,
    }),
  })
  .meta({ id: "ContainerPlan" });
export type ContainerPlan = z.output<typeof ContainerPlan>;

export const DryRun = z
  .discriminatedUnion("allowed", [
    z.object({ allowed: z.literal(true), plan: ContainerPlan }),
    z.object({
      allowed: z.literal(false),
      refusal: z.object({ code: z.enum(errorCodes), error: z.string(), status: z.int() }),
    }),
  ])
  .meta({ id: "DryRun" });
export type DryRun = z.output<typeof DryRun>;
