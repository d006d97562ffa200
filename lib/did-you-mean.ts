import { distance } from "fastest-levenshtein";

const farthest = 4;

/** The known name that resembles one most, as a question; nothing when none does. Of paths of names the last one counts. */
export const didYouMean = (name: string, known: readonly string[]): string => {
  const most = Math.min(farthest, (name.length - name.lastIndexOf(".") - 1) / 2);
  const near = known.filter((other) => Math.abs(other.length - name.length) <= most); // a long name is not looked at
  const [best] = near.map((other) => ({ other, far: distance(name, other) })).toSorted((a, b) => a.far - b.far);
  return best && best.far <= most ? `, did you mean ${best.other}?` : "";
};
