import type { Log } from "../log.ts";
import type { Warning } from "../schema/health.ts";
import { millisecondsOf } from "../schema/units.ts";
import { examine } from "./examine.ts";
import type { Check } from "./finding.ts";
import { quickChecks, type Place } from "./quick.ts";

type Options = Place & {
  log: Log;
  checksFor?: (place: Place, options: { signal: AbortSignal }) => { checks: Check[] };
};

/** What the quick checks of the doctor find while a daemon runs. Nobody waits for them: what is told is the last look. */
export const createWarnings = ({ log, checksFor = quickChecks, ...place }: Options) => {
  const { look_every: every } = place.config.health;
  const closing = new AbortController();
  const { signal } = closing;
  let found: readonly Warning[] = [];
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking = Promise.resolve();

  const lookNow = async (): Promise<void> => {
    const now = await warningsOf(checksFor(place, { signal }).checks);
    if (signal.aborted) return;
    const known = new Set(found.map(({ name }) => name));
    for (const { name, message, remedy } of now) if (!known.has(name)) log.warn({ check: name, remedy }, message);
    found = now;
  };
  const look = (): void => {
    if (signal.aborted || every === "off" || performance.now() - lookedAt < millisecondsOf(every)) return;
    lookedAt = performance.now();
    looking = looking.then(lookNow);
  };

  return {
    look,
    /** Of the last look; one that is old is followed by another. */
    latest: (): readonly Warning[] => {
      look();
      return found;
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      closing.abort();
      await looking;
    },
  };
};

const warningsOf = async (checks: readonly Check[]): Promise<Warning[]> => {
  const findings = await Array.fromAsync(examine(checks));
  return findings.flatMap(({ name, status, message, remedy = "" }) =>
    status === "ok" ? [] : [{ name, message, remedy }],
  );
};
