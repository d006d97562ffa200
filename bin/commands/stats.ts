import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { checkPresence, patiently } from "../../lib/client/patience.ts";
import type { Stats } from "../../lib/schema/stats.ts";
import { dim } from "../closing.ts";
import { jsonOf, type Client } from "../client.ts";
import { askDaemon } from "../ensure.ts";
import { listenForInterrupts, unless } from "../interrupts.ts";
import { printJson } from "../print.ts";
import { measure, statsTable, type MeasuredStats } from "../stats-table.ts";

export const statsCommand = () =>
  new Command("stats")
    .description("Watch what the jobs at work use: CPU (100% is a core), memory and its limit, time and tokens.")
    .option("--once", "print one frame and leave; so it is where nobody watches, in a pipe or a file")
    .option("--json", "print one frame as JSON")
    .addHelpText(
      "after",
      `
Cost is known once a run has ended: see stromboli usage.

Examples:
  stromboli stats
  stromboli stats --json | jq '.jobs[] | select(.cpu_percent > 90).id'`,
    )
    .action(stats);

type Flags = { once?: true; json?: true };

const sampleMs = 500;
const frameMs = 2000;

const stats = ({ once, json }: Flags): Promise<void> =>
  askDaemon(async (client) => {
    if (!once && !json && process.stdout.isTTY) return watch(client);
    const frame = await single(client);
    if (json) printJson(frame);
    else console.log(statsTable(frame, process.stdout));
  });

const look = async (client: Client): Promise<Stats> => {
  const answer = await client.stats.$get();
  await checkPresence(answer);
  return jsonOf(answer);
};

/** One that was there may come back. */
const lookAgain = (client: Client, signal: AbortSignal, onAway: () => void): Promise<Stats> => {
  const tellAway = (error: unknown): never => {
    onAway();
    throw error;
  };
  return patiently(() => look(client).catch(tellAway), { signal });
};

/** Two looks, for how busy something is shows over time alone. */
const single = async (client: Client): Promise<MeasuredStats> => {
  const first = await look(client);
  if (first.jobs.length > 0) await pause(sampleMs);
  return measure(first, first.jobs.length > 0 ? await look(client) : first);
};

/** On the terminal's second screen, which leaves the first one as it was. */
const watch = async (client: Client): Promise<void> => {
  using interrupts = listenForInterrupts();
  const { stdout } = process;
  const show = (frame: string) => stdout.write(`\u001b[H\u001b[J${frame}`);
  const tellAway = () => show(dim("waiting for the daemon to come back", stdout));
  let before: Stats | undefined;
  stdout.write("\u001b[?1049h\u001b[?25l");
  try {
    while (!interrupts.first.aborted) {
      const now = await unless(interrupts.first, before ? lookAgain(client, interrupts.first, tellAway) : look(client));
      show(statsTable(measure(before, now), stdout, stdout.rows || undefined));
      await pause(before ? frameMs : sampleMs, undefined, { signal: interrupts.first });
      before = now;
    }
  } catch (error) {
    if (!interrupts.first.aborted) throw error;
  } finally {
    stdout.write("\u001b[?25h\u001b[?1049l");
  }
};
