import { invalid, type Place } from "./invalid.ts";
import { isMapping, readYaml, type Value } from "./read.ts";
import { interpolate, type Variables } from "./variables.ts";

const mostCharacters = 1_048_576; // all of it may become one argument list, and the kernel takes two million bytes

/** The values of a compose file with its variables put in, and without what compose files may say but nobody reads. */
export const readTree = (text: string, variables: Variables): Value => {
  let left = mostCharacters;

  const unfold = (value: Value, place: Place): Value => {
    if (typeof value === "string") {
      const whole = interpolate(value, { variables, place });
      left -= Math.max(value.length, whole.length); // what a variable takes away has been read all the same
      if (left < 0) throw invalid(place, `makes the file longer than ${mostCharacters} characters, variables included`);
      return whole;
    }
    if (Array.isArray(value)) return value.map((item: Value, index) => unfold(item, [...place, index]));
    if (!isMapping(value)) return value;
    const entries = Object.entries(value).filter(([name]) => !isIgnored(name, place.length));
    if (Object.hasOwn(value, "__proto__")) throw invalid(place, "has the key __proto__, which is no name here");
    return Object.fromEntries(entries.map(([name, below]) => [name, unfold(below, [...place, name])]));
  };

  return unfold(readYaml(text), []);
};

const ignored = new Set(["labels", "expose"]);

/** At depth 1 are the names of services, networks and volumes; these may be called what they like. */
const isIgnored = (name: string, depth: number): boolean => {
  if (depth === 0) return name === "name" || name === "version" || name.startsWith("x-");
  return depth === 2 && (ignored.has(name) || name.startsWith("x-"));
};
