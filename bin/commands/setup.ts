import { Command } from "commander";
import { setUp } from "../start.ts";

export const setupCommand = () =>
  new Command("setup")
    .description("Install and check all that runs need: Podman, its settings, the default image.")
    .option("--force", "try Podman and build the image anew")
    .option("--musl", "also fetch the CLI for images on musl, such as Alpine (370 MB)")
    .addHelpText("after", "\nExamples:\n  stromboli setup --force\n  stromboli setup --musl")
    .action(({ force, musl }: { force?: true; musl?: true }) =>
      setUp({ args: [...(force ? ["--force"] : []), ...(musl ? ["--musl"] : [])] }),
    );
