import { Command } from "commander";
import { setUp } from "../start.ts";

export const setupCommand = () =>
  new Command("setup")
    .description("Install and check all that runs need: Podman, its settings, the default image.")
    .option("--force", "try Podman and build the image anew")
    .addHelpText("after", "\nExample:\n  stromboli setup --force")
    .action(({ force }: { force?: true }) => setUp(force ? ["--force"] : []));
