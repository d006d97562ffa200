/** Points at which a daemon can be killed, of one run, in the order in which they were passed. */
export type Points = readonly string[];

/**
 * One of several points that come to the same: after a step and before the next one, nothing happens to the world.
 */
export const distinct = (points: Points): string[] =>
  points.filter((_, index) => !(points[index + 1] ?? "").startsWith("before "));

/** Whether all steps that were begun are over; `podman events` never is. */
export const areOver = (points: Points): boolean => {
  const open = new Map<string, number>();
  for (const point of points) {
    const [, when = "", step = ""] = /^(before|after|end) (.*?)(?: \(\d+\))?$/.exec(point) ?? [];
    if (step === "podman events") continue;
    const change = { before: step.startsWith("podman ") ? 2 : 1, after: -1, end: -1 }[when] ?? 0;
    open.set(step, (open.get(step) ?? 0) + change);
  }
  return [...open.values()].every((count) => count <= 0);
};

/** `file`, `podman` and `sql`, as far as there are such steps. */
export const kindsOf = (points: Points): string[] =>
  [...new Set(points.map((point) => point.split(" ")[1] ?? ""))].toSorted();
