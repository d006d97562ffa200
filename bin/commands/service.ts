import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import { Command } from "commander";
import { isUp } from "../client.ts";
import { ownPlace } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { print, say } from "../print.ts";
import { createService, unitFor, unitName, type Systemctl } from "../service.ts";

export const serviceCommand = () => {
  const service = new Command("service")
    .description("Have systemd run the daemon as a service of yours.")
    .addHelpText("after", "\nExamples:\n  stromboli service install\n  stromboli service logs -f");
  service
    .command("install")
    .description("Write a unit for systemd --user, start it, and have it start at each boot.")
    .option("-c, --config <file>", "configuration file of the daemon")
    .option("--force", "replace a unit that says something else")
    .option("--print", "print the unit and change nothing")
    .addHelpText("after", "\nExamples:\n  stromboli service install\n  stromboli service install --print | less")
    .action(install);
  service
    .command("uninstall")
    .description("Stop the service and remove its unit. Runs go on, and all that was said stays.")
    .addHelpText("after", "\nExample:\n  stromboli service uninstall")
    .action(uninstall);
  service
    .command("status")
    .description("Say what systemd knows of it; ends with 3 when it does not run, 4 when there is none.")
    .addHelpText("after", "\nExample:\n  stromboli service status")
    .action(() => show("systemctl", "--user", "status", "--no-pager", "--lines=0", unitName));
  service
    .command("logs")
    .description("Show its log.")
    .option("-f, --follow", "go on as it grows")
    .option("-n, --lines <number>", "at most so many, the last ones", "100")
    .addHelpText("after", "\nExample:\n  stromboli service logs -n 20 -f")
    .action(logs);
  return service;
};

type InstallFlags = { config?: string; force?: true; print?: true };

const install = async ({ config, force, print: printed }: InstallFlags): Promise<void> => {
  const { env } = process;
  const named = config ?? env["STROMBOLI_CONFIG"];
  const { target } = await ownPlace(env, named ? { config: named } : {}); // a broken configuration is told now
  const command = commandFor(named);
  if (printed) return print(unitFor(env, command).trimEnd());
  checkSystemd();
  const service = createService({ env, systemctl, isUp: () => isUp(target) });
  await service.install({ command, force: force === true });
  say(
    `the service runs, and starts at each boot; its unit: ${service.path}, its environment: ${service.environmentFile}`,
  );
  const { username } = userInfo();
  if (!existsSync(`/var/lib/systemd/linger/${username}`))
    say(
      `it ends when you log out, and starts when you log in, as any service of a user; to have it run always, type: sudo loginctl enable-linger ${username}`,
    );
};

/** The very Node and files that run now: systemd knows nothing of a shell's PATH. */
const commandFor = (config: string | undefined): string[] => [
  process.execPath,
  ...process.execArgv,
  join(import.meta.dirname, "../stromboli.js"),
  "daemon",
  ...(config ? ["--config", resolve(config)] : []),
];

const uninstall = (): void => {
  checkSystemd();
  const service = createService({ env: process.env, systemctl, isUp: () => Promise.resolve(false) });
  say(service.uninstall() ? `the service is gone; ${service.environmentFile} stays` : "there is no service");
};

const logs = ({ follow, lines }: { follow?: true; lines: string }): void => {
  if (!/^\d{1,9}$/.test(lines)) throw new Failure(`--lines takes a whole number, not ${lines}`, exitCodes.usage);
  show(
    "journalctl",
    "--user",
    `--unit=${unitName}`,
    "--output=cat",
    `--lines=${lines}`,
    ...(follow ? ["--follow"] : []),
  );
};

/** Hands this terminal to a program of systemd's, and ends as it does. */
const show = (program: string, ...args: readonly string[]): void => {
  checkSystemd();
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (error) throw new Failure(`${program} could not be run: ${error.message}`, exitCodes.unreachable);
  process.exitCode = status ?? exitCodes.interrupted;
};

const systemctl: Systemctl = (...args) => {
  const { status, stderr, error } = spawnSync("systemctl", ["--user", ...args], { encoding: "utf8" });
  return { code: status ?? exitCodes.failed, said: error?.message ?? stderr };
};

const checkSystemd = (): void => {
  if (process.getuid?.() === 0)
    throw new Failure(
      "root has no service of this kind: type it as the user whose daemon it is to be; examples/stromboli.service is a unit for a system user",
      exitCodes.usage,
    );
  if (!existsSync("/run/systemd/system"))
    throw new Failure(
      "systemd does not run here; start the daemon with: stromboli daemon start",
      exitCodes.unreachable,
    );
  const { code, said } = systemctl("show-environment");
  if (code !== 0)
    throw new Failure(
      `your systemd does not answer (${said.trim()}); log in as this user itself, not by su or sudo`,
      exitCodes.unreachable,
    );
};
