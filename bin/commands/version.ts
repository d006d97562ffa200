import { Command } from "commander";
import { cliVersion, version } from "../../lib/version.ts";
import { createClient, findTarget, isUnreachable, jsonOf } from "../client.ts";

export const versionCommand = () =>
  new Command("version")
    .description("Print the versions of this command, the daemon and the claude CLI.")
    .action(async () => {
      console.log(`stromboli ${version}\ndaemon ${await daemonVersion()}\nclaude ${cliVersion}`);
    });

const daemonVersion = async (): Promise<string> => {
  try {
    return (await jsonOf(await createClient(findTarget(process.env)).health.$get())).version;
  } catch (error) {
    if (isUnreachable(error)) return "not running";
    throw error;
  }
};
