import { StromboliError } from "../errors.ts";
import type { Config } from "../schema/config.ts";

/** An image reference in full: `name` with its registry, and what comes behind it, `:tag` or `@digest`. */
export type Reference = { name: string; suffix: string };

const part = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const host = "(?:[a-z0-9]+(?:[.-]+[a-z0-9]+)*)(?::\\d{1,5})?";
const tag = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const full = new RegExp(`^(${host}/)?(${part}(?:/${part})*)(:${tag})?(@sha256:[0-9a-f]{64})?$`);
const id = /^(sha256:)?[0-9a-f]{12,64}$/;

/**
 * The reference in full that a text stands for: `python` is `docker.io/library/python:latest`, `ann/tool:1` is
 * `docker.io/ann/tool:1`. Of a tag and a digest the digest counts, for Podman as well. Throws `invalid_request`.
 */
export const normalise = (text: string): Reference => {
  const path = withRegistry(text);
  const [, registry = "", repository = "", tagged = ":latest", digest] = full.exec(path) ?? [];
  if (repository === "") throw invalid(text);
  return { name: registry + repository, suffix: digest ?? tagged };
};

/**
 * The references in full that may be run for what a request or the configuration names, in the order in which they are
 * looked for: without a registry an image that was built here goes before Docker Hub's, as with Podman. Podman is given
 * these and never the text, which it could take for another image than the one that was allowed.
 */
export const planImages = (asked: string | undefined, { podman, policy }: Config): readonly string[] => {
  const own = candidates(podman.image);
  if (asked === undefined) return own;
  const allowed = candidates(asked).filter((image) => own.includes(image) || isAllowed(image, policy.images));
  if (allowed.length > 0) return allowed;
  const why = id.test(asked)
    ? "an id does not say where an image is from; name it by its reference"
    : "see policy.images";
  throw new StromboliError("image_not_allowed", `image ${asked} is not allowed here; ${why}`);
};

const candidates = (text: string): readonly string[] => {
  if (id.test(text)) return [text];
  const meant = [normalise(text), ...(hasRegistry(text) ? [] : [normalise(`localhost/${text}`)])];
  return meant.map(({ name, suffix }) => name + suffix).toReversed();
};

/** An image's id, as `podman images` shows it, is allowed where any image is. */
const isAllowed = (image: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => pattern === "**" || (!id.test(image) && allows(pattern, normalise(image))));

/**
 * Whether a pattern of `policy.images` matches a reference in full. `*` stands for anything within a segment, `**` also
 * across; a pattern without a tag or digest takes any of them.
 */
export const allows = (pattern: string, { name, suffix }: Reference): boolean => {
  const { pattern: namePattern, suffix: suffixPattern } = splitPattern(pattern);
  return fits(namePattern, name) && (suffixPattern === "" || fits(suffixPattern, suffix));
};

const invalid = (text: string) =>
  new StromboliError(
    "invalid_request",
    /[A-Z]/.test(text.replace(/[:@][^/]*$/, ""))
      ? `${text} is no image reference: names of images are in lower case`
      : `${text} is no image reference; write it as NAME, NAME:TAG or NAME@sha256:DIGEST`,
  );

/** As Docker has it: the first segment is a registry when it has a dot or a port, or is localhost. */
const hasRegistry = (text: string): boolean => {
  const [first = "", ...rest] = text.split("/");
  return rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
};

const withRegistry = (text: string): string => {
  const path = hasRegistry(text) ? text.replace(/^index\.docker\.io\//, "docker.io/") : `docker.io/${text}`;
  return path.replace(/^docker\.io\/(?=[^/]+$)/, "docker.io/library/");
};

/** A pattern gets its registry as a reference does, except where it begins with `**`, which takes any. */
const splitPattern = (text: string): { pattern: string; suffix: string } => {
  const path = text.startsWith("**") ? text : withRegistry(text);
  const at = /[:@][^/]*$/.exec(path)?.index ?? path.length;
  return { pattern: path.slice(0, at), suffix: path.slice(at) };
};

const fits = (glob: string, value: string): boolean => {
  const source = glob
    .split(/(\*+)/)
    .map((piece) => (piece === "*" ? "[^/]*" : piece.startsWith("*") ? ".*" : piece.replaceAll(".", String.raw`\.`)));
  return new RegExp(`^${source.join("")}$`).test(value);
};
