import { setTimeout as pause } from "node:timers/promises";

const everyMs = 25;
const withinMs = 60_000; // others use the machine as well

/** The first value that is there; throws when nothing has come in time. */
export const until = async <Value>(
  what: string,
  look: () => Value | undefined | false | Promise<Value | undefined | false>,
  deadlineMs = withinMs,
): Promise<Value> => {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const began = performance.now();
    const value = await look();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`waited ${deadlineMs} ms in vain for ${what}`);
    await pause(Math.max(everyMs, 2 * (performance.now() - began))); // to ask Podman all the time would hold up what is awaited
  }
};
