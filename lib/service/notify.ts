import { execa } from "execa";
import { messageOf } from "../errors.ts";
import type { Log } from "../log.ts";

type Options = { env: NodeJS.ProcessEnv; log: Log; binary?: string };

const withinMs = 10_000;

/**
 * Tells systemd that the daemon is ready, lives and ends, where systemd wants to know. Node has no datagram sockets in the
 * file system, so systemd's own program sends; hence `NotifyAccess=all` in the unit.
 */
export const notifySystemd = async ({ env, log, binary = "systemd-notify" }: Options): Promise<AsyncDisposable> => {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, PATH } = env;
  if (!NOTIFY_SOCKET) return { [Symbol.asyncDispose]: () => Promise.resolve() };
  const send = async (message: string): Promise<void> => {
    const options = { env: { NOTIFY_SOCKET, PATH }, extendEnv: false, timeout: withinMs, cleanup: false } as const;
    await execa(binary, [message], options).catch((error: unknown) => {
      log.warn({ error: messageOf(error) }, `systemd could not be told ${message}`);
    });
  };
  await send("READY=1");
  const pulse = everyMs(WATCHDOG_USEC, () => void send("WATCHDOG=1"));
  return {
    [Symbol.asyncDispose]: async () => {
      clearInterval(pulse);
      await send("STOPPING=1");
    },
  };
};

/** Twice as often as systemd wants to hear of it; from the event loop, so that one that hangs is noticed. */
const everyMs = (microseconds: string | undefined, beat: () => void): NodeJS.Timeout | undefined =>
  Number(microseconds) > 0 ? setInterval(beat, Number(microseconds) / 2000).unref() : undefined;
