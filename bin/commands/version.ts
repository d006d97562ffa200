import { Command } from "commander";
import { cliVersion, version } from "../../lib/version.ts";
import { createClient, jsonOf } from "../client.ts";
import { locateDaemon } from "../ensure.ts";
import { Failure } from "../failure.ts";
import { print, printJson } from "../print.ts";

export const versionCommand = () =>
  new Command("version")
    .description("Print the versions of this command, the daemon and the claude CLI.")
    .option("--json", "print them as JSON")
    .addHelpText("after", "\nExample:\n  stromboli version --json | jq -r .claude")
    .action(async ({ json }: { json?: true }) => {
      const daemon = await daemonVersion();
      if (json) printJson({ stromboli: version, daemon: daemon ?? null, claude: cliVersion });
      else print(`stromboli ${version}\ndaemon ${daemon ?? "not running"}\nclaude ${cliVersion}`);
    });

const daemonVersion = async (): Promise<string | undefined> => {
  try {
    return (await jsonOf(await createClient(await locateDaemon(process.env)).health.$get())).version;
  } catch (error) {
    if (error instanceof Failure) throw error;
    return undefined; // not running, or whatever else is wrong, a broken configuration say: the versions are needed to report it
  }
};
