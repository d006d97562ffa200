import { Command } from "commander";
import { cliVersion, version } from "../../lib/version.ts";
import { createClient, jsonOf } from "../client.ts";
import { locateDaemon } from "../ensure.ts";
import { Failure } from "../failure.ts";
import { print } from "../print.ts";

export const versionCommand = () =>
  new Command("version")
    .description("Print the versions of this command, the daemon and the claude CLI.")
    .addHelpText("after", "\nExample:\n  stromboli version")
    .action(async () => {
      print(`stromboli ${version}\ndaemon ${await daemonVersion()}\nclaude ${cliVersion}`);
    });

const daemonVersion = async (): Promise<string> => {
  try {
    return (await jsonOf(await createClient(await locateDaemon(process.env)).health.$get())).version;
  } catch (error) {
    if (error instanceof Failure) throw error;
    return "not running"; // whatever else is wrong, a broken configuration say: the versions are needed to report it
  }
};
