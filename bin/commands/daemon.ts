import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { ownPlace } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { isUp, setUp, startInBackground } from "../start.ts";

const collect = (value: string, before: string[] = []) => [...before, value];
type ServeFlags = { config?: string; set?: string[] };

/** Longer than the longest shutdown_grace is not waited for. */
const stopWithinMs = 60_000;
const probeEveryMs = 50;

export const daemonCommand = () => {
  const daemon = new Command("daemon")
    .description("Run the daemon in the foreground, or start, stop and look at it in the background.")
    .option("-c, --config <file>", "configuration file")
    .option("--set <key=value>", "one configuration key, such as server.port=9000", collect)
    .addHelpText(
      "after",
      `
Examples:
  stromboli daemon                              in the foreground, log on stderr
  stromboli daemon --set server.port=9000
  stromboli daemon start                        in the background, log in the state folder`,
    )
    .action(serve);
  daemon.command("start").description("Start it in the background and wait until it answers.").action(start);
  daemon
    .command("stop")
    .description("Stop it. Runs go on in their containers and are taken up at the next start.")
    .action(stop);
  daemon.command("status").description("Say whether it runs, and where.").action(status);
  return daemon;
};

const serve = async ({ config, set }: ServeFlags): Promise<void> => {
  const { main } = await import("../../daemon/main.ts"); // heavy, and no other command needs it
  await main({ config, ...(set && { set }) });
};

const start = async (_flags: unknown, command: Command): Promise<void> => {
  const { config, set = [] } = command.optsWithGlobals<ServeFlags>();
  const place = await ownPlace(withConfig(command), set);
  if (await isUp(place.target)) return say("the daemon runs already");
  setUp();
  const args = [...(config === undefined ? [] : ["--config", config]), ...set.flatMap((pair) => ["--set", pair])];
  await startInBackground({ ...place, args });
  say("the daemon runs");
};

const stop = async (_flags: unknown, command: Command): Promise<void> => {
  const { state } = await ownPlace(withConfig(command), command.optsWithGlobals<ServeFlags>().set);
  const running = await readNote(state);
  if (!running) return say("no daemon runs");
  process.kill(running.pid, "SIGTERM");
  const deadline = Date.now() + stopWithinMs;
  while (isAlive(running.pid)) {
    if (Date.now() > deadline)
      throw new Failure(`the daemon, process ${running.pid}, has not stopped within a minute`, exitCodes.unreachable);
    await pause(probeEveryMs);
  }
  say("the daemon has stopped");
};

const status = async (_flags: unknown, command: Command): Promise<void> => {
  const { state } = await ownPlace(withConfig(command), command.optsWithGlobals<ServeFlags>().set);
  const running = await readNote(state);
  if (!running) throw new Failure("no daemon runs; start it with: stromboli daemon start", exitCodes.unreachable);
  console.log(`process ${running.pid}, version ${running.version}\n${running.url}\nunix://${running.socket}`);
};

const say = (text: string): void => console.error(`stromboli: ${text}`);

const withConfig = (command: Command): NodeJS.ProcessEnv => {
  const { config } = command.optsWithGlobals<ServeFlags>();
  return { ...process.env, ...(config !== undefined && { STROMBOLI_CONFIG: config }) };
};

type Note = { pid: number; version: string; url: string; socket: string };

/** What the running daemon of a state folder wrote about itself; nothing when it is gone, however it went. */
const readNote = async (state: string): Promise<Note | undefined> => {
  try {
    const note = JSON.parse(await readFile(join(state, "daemon.json"), "utf8")) as Note; // the daemon's own file
    return isAlive(note.pid) && (await isUp({ socketPath: note.socket })) ? note : undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
};

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
