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

/**
 * The one reference in full that a pull of `text` means: where it names no registry, Docker Hub's. Throws
 * `image_not_allowed`, or `invalid_request` for what comes from no registry.
 */
export const planPull = (text: string, { podman, policy }: Pick<Config, "podman" | "policy">): string => {
  if (id.test(text)) throw new StromboliError("invalid_request", `${text} is an id; an image is pulled by its name`);
  const { name, suffix } = normalise(text);
  const image = name + suffix;
  if (!isPullable(image))
    throw new StromboliError("invalid_request", `${image} is built on this machine; no registry has it`);
  if (candidates(podman.image).includes(image) || isAllowed(image, policy.images)) return image;
  throw new StromboliError("image_not_allowed", `image ${text} is not allowed here; see policy.images`);
};

/** Of references in full, the one that a registry may have; `localhost/`, without a port, is what was built here. */
export const pullable = (references: readonly string[]): string | undefined => references.findLast(isPullable);

const isPullable = (image: string): boolean => !id.test(image) && !image.startsWith("localhost/");

/** Where a search for `text` goes: to the registry that it names, or to Docker Hub. Throws `image_not_allowed`. */
export const planSearch = (text: string, { policy }: Pick<Config, "policy">): string => {
  const term = hasRegistry(text) ? text : `docker.io/${text}`;
  const registry = term.slice(0, term.indexOf("/") + 1);
  if (policy.images.some((pattern) => reaches(splitPattern(pattern).pattern, registry))) return term;
  throw new StromboliError("image_not_allowed", `no image of ${registry.slice(0, -1)} is allowed; see policy.images`);
};

/** Whether a pattern may match anything in a registry. */
const reaches = (pattern: string, registry: string): boolean =>
  pattern.startsWith("**") || fits(pattern.slice(0, pattern.indexOf("/") + 1), registry);

/** The references in full by which an image that is here may be meant, whether or not it may be run. */
export const candidates = (text: string): readonly string[] => {
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
