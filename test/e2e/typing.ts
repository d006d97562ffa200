import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import type { Desk } from "./desk.ts";
import { type Command, isRefused } from "./guide.ts";

export type Typed = Command & { printed: string; code: number | undefined };

const withinMs = 300_000;

/**
 * Types commands into one bash, one after the other, until one ends otherwise than its guide says. The answer has those
 * that were typed; one that did not come to its end has no code.
 */
export const typeCommands = async (commands: readonly Command[], { cwd, env, tools }: Desk): Promise<Typed[]> => {
  const file = join(tools, "printed"); // a daemon that is started here would hold a pipe open
  const lines = commands.map((command) => `${typed(command)}\nended $?${isRefused(command) ? " refused" : ""}`);
  await execa("bash", ["-c", [head, ...lines].join("\n")], {
    cwd,
    env,
    extendEnv: false,
    reject: false,
    stdin: "ignore",
    stdout: { file },
    timeout: withinMs,
  });
  const [first = "", ...rest] = readFileSync(file, "utf8").split(separator);
  const ends = rest.map((text) => text.split(/\n(.*)/s, 2)); // how one ended, and what the next one printed
  const printed = [first, ...ends.map(([, text = ""]) => text)];
  return commands.flatMap((command, index): Typed[] => {
    const code = ends[index] && Number(ends[index][0]);
    return printed[index] === undefined ? [] : [{ ...command, code, printed: printed[index].trim() }];
  });
};

const separator = "\n\u001e"; // a line of its own that no command prints

const head = `
set -uo pipefail
exec 2>&1
ended() {
  printf '\\n\\036%s\\n' "$1"
  if [ "\${2:-}" = refused ]; then [ "$1" != 0 ]; else [ "$1" = 0 ]; fi || exit
}`;

/** What goes on until Ctrl-C is ended once it has printed something. */
const typed = ({ text }: Command): string =>
  /^stromboli (daemon|daemon logs -f)\s*(#|$)/.test(text)
    ? `exec 3< <(exec 2>&1; exec ${text}\n)\nread -r line <&3 && echo "$line"; kill $!; wait $!; [ -n "$line" ]`
    : text;
