import { join } from "node:path";
import { execa } from "execa";
import { median, sample, type Goal } from "./sample.ts";

const rounds = 15;
const root = join(import.meta.dirname, "..");

/** The start of the CLI against that of an empty Node, in turns. */
export const measureStartUp = async (): Promise<Goal[]> => {
  const starts: number[] = [];
  const empties: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    empties.push(await command(process.execPath, "-e", "0"));
    starts.push(await command(join(root, "bin/stromboli"), "--version"));
  }
  console.log(`stromboli --version: ${Math.round(median(starts))} ms; node -e 0: ${Math.round(median(empties))} ms`);
  const value = median(starts) / median(empties);
  return [{ name: "stromboli --version against node -e 0", value, goal: 2.5, unit: "x" }];
};

const command = (file: string, ...argv: string[]): Promise<number> =>
  sample(() => execa(file, argv, { reject: false }));
