import type nodeFs from "node:fs";
import { join } from "node:path";

/** At which of its points a daemon is to die; one that nobody knows lets it live. */
export type Plan = { id: string; dieAt: string };

export const planFile = "crash-plan.json";
export const pointsFile = "crash-points.txt";

type Fs = Pick<typeof nodeFs, "closeSync" | "existsSync" | "openSync" | "readFileSync" | "writeSync">;

/**
 * Runs in a daemon and writes down each point that it passes, `before NAME` and `after NAME` of all that it does to the
 * world; points with one name are counted anew for each plan. `fs` is Node's own, before anybody patched it.
 */
export const createCrasher = (folder: string, fs: Fs) => {
  let plan: Plan | undefined;
  const passed = new Map<string, number>();

  const readPlan = (): Plan | undefined => {
    const path = join(folder, planFile);
    return fs.existsSync(path) ? (JSON.parse(fs.readFileSync(path, "utf8")) as Plan) : undefined; // written by writePlan
  };
  const note = (point: string): void => {
    const file = fs.openSync(join(folder, pointsFile), "a");
    fs.writeSync(file, `${point}\n`);
    fs.closeSync(file);
  };
  const pass = (name: string): void => {
    const current = readPlan();
    if (current?.id !== plan?.id) passed.clear();
    plan = current;
    const times = (passed.get(name) ?? 0) + 1;
    passed.set(name, times);
    const point = times === 1 ? name : `${name} (${times})`;
    note(point);
    if (point === plan?.dieAt) process.kill(process.pid, "SIGKILL");
  };

  return {
    /** Passes the point before a step; the result passes the one after it. */
    begin(step: string): () => void {
      const name = neutral(step);
      pass(`before ${name}`);
      return () => pass(`after ${name}`);
    },
    /** Passes the point at which a process has ended. */
    ended: (step: string): void => pass(`end ${neutral(step)}`),
  };
};

/** The same for every job. */
const neutral = (step: string): string =>
  step.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, "SESSION").replaceAll(/(job|run)-[0-9a-f]{16}/g, "JOB");
