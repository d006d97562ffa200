import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { RunRequest } from "../../lib/schema/run.ts";

type Request = z.input<typeof RunRequest>;

/** Its agent writes `mark` down when it runs. What is not expected is not looked at. */
export type MixedJob = {
  mark: string;
  session: string;
  /** The last gate that it stands at: it ends when that is open. */
  gate: number;
  request: Request;
  expected: { outcome: string; exit_code?: number; output?: string };
};

/** Jobs of all sorts. Their agents go from gate to gate, which are files in a folder that the test makes one by one. */
export const createMix = (gates: string) => {
  const asked = (
    mark: string,
    gate: number,
    { lines, podman, claude, ...more }: Partial<Request> & { lines: readonly string[] },
  ) => {
    const session = claude?.session_id ?? randomUUID();
    const request: Request = {
      prompt: [use(`echo ${mark} >> runs`), ...lines].join("\n"),
      podman: { volumes: [`${gates}:/gates:ro`], ...podman },
      claude: { session_id: session, dangerously_skip_permissions: true, ...claude },
      ...more,
    };
    return { mark, session, gate, request };
  };
  const succeeding = (
    mark: string,
    gate: number,
    { lines = [], ...more }: Partial<Request> & { lines?: readonly string[] } = {},
  ): MixedJob => ({
    ...asked(mark, gate, { lines: [...lines, `say: ${mark} is done`], ...more }),
    expected: { outcome: "succeeded", exit_code: 0, output: `${mark} is done` },
  });

  return {
    short: (mark: string, more: Partial<Request> = {}): MixedJob => succeeding(mark, 0, more),
    /** Asks the model between its gates, so often while no daemon is there. */
    worker: (mark: string, gateCount: number): MixedJob =>
      succeeding(mark, gateCount, { lines: Array.from({ length: gateCount }, (_, index) => stage(mark, index + 1)) }),
    killed: (mark: string, gate: number): MixedJob => ({
      ...asked(mark, gate, { lines: [stage(mark, gate), use("kill -KILL $CLAUDE_PID")] }),
      expected: { outcome: "killed", exit_code: 137 },
    }),
    refused: (mark: string, gate: number): MixedJob => ({
      ...asked(mark, gate, { lines: [stage(mark, gate), "fail 400 message=refused"] }),
      expected: { outcome: "api_error", exit_code: 1 },
    }),
    slow: (mark: string): MixedJob => ({
      ...asked(mark, 0, { lines: [busy], podman: { timeout: "2m" } }),
      expected: { outcome: "timed_out" },
    }),
    /** Somebody cancels it once a gate is open. */
    cancelled: (mark: string, gate: number): MixedJob => ({
      ...asked(mark, gate, { lines: [busy] }),
      expected: { outcome: "cancelled" },
    }),
    /** One after the other on one session; the last one recalls what the others were asked. */
    sequence: (mark: string, gate: number): [MixedJob, ...MixedJob[]] => {
      const first = succeeding(`${mark}-1`, gate, { lines: [stage(`${mark}-1`, gate)] });
      const claude = { session_id: first.session, resume: true };
      const second = succeeding(`${mark}-2`, gate, { claude });
      const output = [first, second].map(({ request }) => request.prompt.replaceAll("\n", " ")).join("\n");
      const third = asked(`${mark}-3`, gate, { lines: ["recall"], claude });
      return [first, second, { ...third, expected: { outcome: "succeeded", exit_code: 0, output } }];
    },
  };
};

/** The name of the file that says that an agent stands at a gate. */
export const standsAt = (mark: string, gate: number): string => `${mark}-at-${gate}`;

const stage = (mark: string, gate: number): string =>
  use(`touch ${standsAt(mark, gate)}; until [ -e /gates/${gate} ]; do sleep 0.5; done; echo passed ${gate}`);

const longestMs = 600_000; // a gate may be long in opening

const use = (command: string): string =>
  `use Bash: ${JSON.stringify({ command, timeout: longestMs, description: "Run the test's script" })}`;

const busy = use("true; sleep 500"); // the tool refuses a sleep that stands alone
