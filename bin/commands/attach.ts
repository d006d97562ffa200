import { Command } from "commander";
import { askDaemon } from "../ensure.ts";
import { Failure } from "../failure.ts";
import { listenForInterrupts } from "../interrupts.ts";
import { findJob } from "../jobs.ts";
import { watch } from "../watch.ts";

export const attachCommand = () =>
  new Command("attach")
    .description("Follow a run from its beginning to its end, as run does; Ctrl-C leaves and does not cancel it.")
    .argument("<job>", "its id, or how that begins")
    .option("--json", "print the whole result as JSON")
    .addHelpText("after", '\nExample:\n  stromboli attach $(stromboli run -d "Update the docs")')
    .action(attach);

const attach = (text: string, { json = false }: { json?: boolean }): Promise<void> =>
  askDaemon(async (client) => {
    const { id } = await findJob(client, text);
    using interrupts = listenForInterrupts();
    try {
      await watch(client, id, { json, signal: interrupts.first });
    } catch (error) {
      if (!interrupts.first.aborted) throw error;
      throw new Failure(`left; the run goes on, come back with: stromboli attach ${id}`, interrupts.exitCode());
    }
  });
