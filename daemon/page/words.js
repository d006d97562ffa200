/** How long something took. */
export const duration = (ms) => {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return minutes < 60
    ? `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
};

const longestTitle = 80;

/** How a prompt begins, as the daemon keeps it. */
export const beginningOf = (prompt) => prompt.trim().slice(0, longestTitle).toWellFormed().replaceAll(/\s+/g, " ");

/** That for people: it shows where there may be more. */
export const titleOf = ({ title }) => (title.length < longestTitle ? title || "(no prompt)" : `${title}…`);

/** How long ago a time was, roughly. */
export const ago = (time) => {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86_400)} d ago`;
};

export const cost = (usd) => (usd > 0 ? `$${usd.toFixed(usd < 0.1 ? 4 : 2)}` : "");

/** A state in words and in a class for its colour, which says nothing that the words do not. */
export const state = ({ status, outcome, phase }) => {
  if (outcome === "succeeded") return { words: "✔ succeeded", look: "good" };
  if (outcome) return { words: `✖ ${outcome.replaceAll("_", " ")}`, look: "bad" };
  return { words: `● ${phase ?? status}`, look: "busy" };
};

export const isOver = ({ outcome }) => outcome !== undefined;

/** How many milliseconds each phase of a job took, and of one at work how many the present one has taken by `now`. */
export const phasesOf = ({ timings_ms: timings, phase, created_at, started_at }, now) => {
  const past = ["queue", "pull", "create", "hooks", "agent"].filter((name) => timings[name] > 0);
  const pastMs = past.reduce((sum, name) => sum + timings[name], 0);
  const since = started_at ? Date.parse(started_at) : Date.parse(created_at) + pastMs;
  return [...past.map((name) => [name, timings[name]]), ...(phase ? [[phase, Math.max(0, now - since)]] : [])];
};
