import { execa } from "execa";
import { createCli } from "../test/e2e/cli.ts";
import type { Stromboli } from "../test/e2e/harness.ts";
import { median, sample, type Goal } from "./sample.ts";

const rounds = 15;

/** The start of the CLI against that of an empty Node, in turns; `ps` asks a daemon. */
export const measureStartUp = async ({ place }: Stromboli): Promise<Goal[]> => {
  const cli = createCli(place);
  const times = { empty: [] as number[], version: [] as number[], ps: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    times.empty.push(await sample(() => execa(process.execPath, ["-e", "0"])));
    times.version.push(await sample(() => cli.run(["--version"])));
    times.ps.push(await sample(() => cli.run(["ps"])));
  }
  const [empty, version, ps] = [times.empty, times.version, times.ps].map(median) as [number, number, number];
  console.log(
    `node -e 0: ${Math.round(empty)} ms; stromboli --version: ${Math.round(version)} ms; ps: ${Math.round(ps)} ms`,
  );
  return [
    { name: "stromboli --version against node -e 0", value: version / empty, goal: 2.5, unit: "x" },
    { name: "stromboli ps against node -e 0", value: ps / empty, goal: 4, unit: "x" },
  ];
};
