import { print, printJson } from "./print.ts";

/** Does something to each of some things, and prints their names: each at once, or what was done before one failed as JSON. */
export const printNames = async (
  names: readonly string[],
  { json, act }: { json: true | undefined; act: (name: string) => string | Promise<string> },
): Promise<void> => {
  const done: string[] = [];
  try {
    for (const name of names) {
      done.push(await act(name));
      if (!json) print(done.at(-1) ?? "");
    }
  } finally {
    if (json) printJson(done);
  }
};
