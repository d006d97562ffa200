import type { z } from "zod";
import type { RunRequest } from "../../lib/schema/run.ts";

type Request = z.input<typeof RunRequest>;

/** A request whose agent runs a script with its Bash tool; the answer is `result: ` and what the script printed. */
export const bash = (command: string, { claude, ...more }: Partial<Request> = {}) => ({
  prompt: `use Bash: ${JSON.stringify({ command, description: "Run the test's script" })}`,
  claude: { dangerously_skip_permissions: true, ...claude },
  ...more,
});

/** A script that leaves a mark in the workdir when it begins, and goes on once there is a file `go`. */
export const held = (then: string, more: Partial<Request> = {}) =>
  bash(`touch begun; until [ -e go ]; do sleep 0.1; done; ${then}`, more);

/** A script that leaves a mark in the workdir, so that a test sees it run, and then waits to be ended. */
export const waiting = (more: Partial<Request> = {}) => bash("touch begun; sleep 60", more);
