import { join } from "node:path";
import { execa } from "execa";

export type CommandLine = { args: readonly string[]; env?: Readonly<Record<string, string>> };
export type CommandResult = { code: number; stdout: string; stderr: string };

type Options = { env: NodeJS.ProcessEnv; extendEnv?: boolean; cwd?: string; timeout?: number };

/** What comes of many command lines that start no run and read nothing: one process for all of them. */
export const runEach = async (lines: readonly CommandLine[], options: Options): Promise<CommandResult[]> => {
  const { stdout } = await execa(process.execPath, [oneByOne], { ...options, input: JSON.stringify(lines) });
  return JSON.parse(stdout) as CommandResult[];
};

const oneByOne = join(import.meta.dirname, "one-by-one.ts");
