const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** How long ago something was, in one number. The clock of another machine may be ahead of ours. */
export const age = (ms: number): string => {
  if (ms < minuteMs) return `${Math.floor(Math.max(ms, 0) / 1000)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min`;
  return ms < 2 * dayMs ? `${Math.floor(ms / hourMs)} h` : `${Math.floor(ms / dayMs)} d`;
};

/** The same for a time of the daemon's. */
export const ageOf = (time: string, now = Date.now()): string => age(now - Date.parse(time));
