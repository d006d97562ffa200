import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Command } from "commander";
import { isUp } from "../client.ts";
import { printLog } from "../daemon-log.ts";
import { ownPlace, type Place } from "../ensure.ts";
import { exitCodes, Failure } from "../failure.ts";
import { setUp, startInBackground } from "../start.ts";
import { print, printJson, say } from "../print.ts";

const collect = (value: string, before: string[] = []) => [...before, value];
type ServeFlags = { config?: string; set?: string[] };

/** Longer than the longest shutdown_grace is not waited for. */
const stopWithinMs = 60_000;
const probeEveryMs = 50;

export const daemonCommand = () => {
  const daemon = new Command("daemon")
    .description("Run the daemon in the foreground, or start, stop and look at it in the background.")
    .usage("[options] [start|stop|status|logs]")
    .option("-c, --config <file>", "configuration file")
    .option("--set <key=value>", "one configuration key, such as server.port=9000", collect)
    .addHelpText(
      "after",
      `
Examples:
  stromboli daemon                           in the foreground, log on stderr
  stromboli daemon --set server.port=9000
  stromboli daemon start                     in the background`,
    )
    .allowExcessArguments()
    .action(serve);
  daemon
    .command("start")
    .description("Start it in the background and wait until it answers; its log is daemon.log in the state folder.")
    .addHelpText("after", "\nExample:\n  stromboli daemon --config ./stromboli.yaml start")
    .action(start);
  daemon
    .command("stop")
    .description("Stop it. Runs go on in their containers and are taken up at the next start.")
    .addHelpText("after", "\nExample:\n  stromboli daemon stop && stromboli daemon start")
    .action(stop);
  daemon
    .command("status")
    .description("Say whether it runs, and where.")
    .addHelpText("after", "\nExample:\n  stromboli daemon status || stromboli daemon start")
    .option("--json", "print it as JSON")
    .action(status);
  daemon
    .command("logs")
    .description("Print the end of its log, lines of JSON. Only a daemon in the background has one in a file.")
    .option("-f, --follow", "go on with what is written from now on")
    .option("-n, --lines <number>", "so many of the last lines", "100")
    .addHelpText("after", "\nExample:\n  stromboli daemon logs -n 1000 | jq -r 'select(.level == \"error\").msg'")
    .action(logs);
  return daemon;
};

const serve = async ({ config, set }: ServeFlags, { args: [word] }: Command): Promise<void> => {
  if (word !== undefined)
    throw new Failure(`there is no command "daemon ${word}", only start, stop, status and logs`, exitCodes.usage);
  const { main } = await import("../../daemon/main.ts"); // heavy, and no other command needs it
  await main({ config, ...(set && { set }) });
};

const start = async (_flags: unknown, command: Command): Promise<void> => {
  const place = await placeOf(command);
  if (await isUp(place.target)) return say("the daemon runs already");
  await setUp();
  await startInBackground(place);
  say(place.file === undefined ? "the daemon runs" : `the daemon runs, as ${place.file} says`);
};

const stop = async (_flags: unknown, command: Command): Promise<void> => {
  const running = await readNote(await placeOf(command));
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

const status = async ({ json }: { json?: true }, command: Command): Promise<void> => {
  const running = await readNote(await placeOf(command));
  if (!running) throw new Failure("no daemon runs; start it with: stromboli daemon start", exitCodes.unreachable);
  const { pid, version, url, socket } = running;
  if (json) printJson({ pid, version, url, socket });
  else print(`process ${pid}, version ${version}\n${url}\nunix://${socket}`);
};

type LogFlags = { follow?: true; lines: string };

const logs = async ({ follow, lines }: LogFlags, command: Command): Promise<void> => {
  if (!/^\d{1,9}$/.test(lines)) throw new Failure(`--lines ${lines}: that is not a number of lines`, exitCodes.usage);
  const { state } = await placeOf(command);
  await printLog(join(state, "daemon.log"), { lines: Number(lines), follow: follow === true });
};

const placeOf = (command: Command): Promise<Place> =>
  ownPlace(process.env, { cwd: process.cwd(), ...command.optsWithGlobals<ServeFlags>() });

type Note = { pid: number; version: string; url: string; socket: string };

/** What the running daemon of a state folder wrote about itself; nothing when it is gone, however it went. */
const readNote = async ({ state }: Place): Promise<Note | undefined> => {
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
