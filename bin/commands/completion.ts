import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Argument, Command } from "commander";

export const completionCommand = () =>
  new Command("completion")
    .description("Print what makes a shell complete commands, options, and ids of jobs, sessions and more.")
    .addArgument(new Argument("<shell>", "the shell that is to know it").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
Examples:
  source <(stromboli completion bash)       in ~/.bashrc
  source <(stromboli completion zsh)        in ~/.zshrc, behind compinit
  stromboli completion fish > ~/.config/fish/completions/stromboli.fish`,
    )
    .action((shell: string) => {
      process.stdout.write(readFileSync(join(import.meta.dirname, `../completions/stromboli.${shell}`), "utf8"));
    });
