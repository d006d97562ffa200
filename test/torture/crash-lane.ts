import { randomUUID } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { z } from "zod";
import type { Config } from "../../lib/schema/config.ts";
import { planFile, pointsFile, type Plan } from "./crash-plan.ts";
import { areOver } from "./crash-points.ts";
import { startStromboli, type Owner } from "../e2e/harness.ts";
import { until } from "../e2e/wait.ts";

export type Lane = Awaited<ReturnType<typeof createLane>>;

const preload = new URL("./crash-preload.ts", import.meta.url);

/** A daemon with a place of its own that dies where it is told to. */
export const createLane = async (t: Owner, config: z.input<typeof Config> = {}) => {
  const stromboli = await startStromboli(t, {
    config: { ...config, defaults: { network: "none", ...config.defaults } }, // the quickest to set up
    env: { NODE_OPTIONS: `--import=${preload.href}`, NODE_COMPILE_CACHE: join(tmpdir(), "node-compile-cache") },
  });
  const { place, count } = stromboli;
  const planPath = join(place.folder, planFile);
  const pointsPath = join(place.folder, pointsFile);

  const points = (): string[] =>
    existsSync(pointsPath) ? readFileSync(pointsPath, "utf8").split("\n").filter(Boolean) : [];
  const isDead = (): Promise<boolean> =>
    Promise.race([stromboli.exited().then(() => true), new Promise<false>((resolve) => setImmediate(resolve, false))]);
  const dead = () => until("the daemon to die", isDead);
  const isAtRest = async (): Promise<boolean> =>
    areOver(points()) && // the cheapest first
    count("jobs where state <> 'ended'") === 0 &&
    count("webhook_deliveries where state = 'pending'") === 0 &&
    count("stacks") === 0 &&
    (await stromboli.containers()).length === 0;

  return {
    ...stromboli,
    /** What the daemon has passed since `arm`. */
    points,
    /** This daemon, or the next one that is started, dies at this point. */
    arm(dieAt: string): void {
      rmSync(pointsPath, { force: true });
      const plan: Plan = { id: randomUUID(), dieAt };
      writeFileSync(`${planPath}.new`, JSON.stringify(plan));
      renameSync(`${planPath}.new`, planPath); // at once: the daemon may be reading it
    },
    /** Starts the next daemon; false when it died before it listened. */
    tryStart: () =>
      stromboli.start().then(
        () => true,
        () => false,
      ),
    dead,
    /** Whether the daemon dies, at this point, before all that there was to do is over. */
    dies: async (dieAt: string): Promise<boolean> => {
      const end = await until("the daemon to die or to come to rest", async () => {
        if (await isDead()) return "dead";
        return (await isAtRest()) && "at rest";
      });
      if (points().includes(dieAt)) return dead(); // a point is written down just before the daemon dies at it
      return end === "dead" || isDead();
    },
    rest: () => until("the daemon to come to rest", isAtRest),
    hiddenSessions: (): string[] => readdirSync(join(place.state, "sessions")).filter((name) => name.startsWith(".")),
  };
};
