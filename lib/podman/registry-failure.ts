import { StromboliError, type ErrorCode } from "../errors.ts";
import { lastLine } from "./podman.ts";

type Reason = { pattern: RegExp; code: ErrorCode; say: (asked: { image: string; registry: string }) => string };

/** In this order: a registry that denies says so in the words of one that does not know. */
const reasons: readonly Reason[] = [
  {
    pattern: /no space left on device|disk quota exceeded/i,
    code: "disk_full",
    say: ({ image }) => `the disk filled up while ${image} was pulled`,
  },
  {
    pattern: /no image found in (manifest list|image index)|choosing an? image from manifest list/i,
    code: "image_incompatible",
    say: ({ image }) => `${image} is not there for this architecture; name another image`,
  },
  {
    pattern: /toomanyrequests|too many requests|rate limit/i,
    code: "registry_failed",
    say: ({ registry }) => `${registry} allows no more pulls for now; try again later, or log in with: podman login`,
  },
  {
    pattern: /unauthorized|authentication required|denied|forbidden|invalid username\/password|incorrect username/i,
    code: "registry_denied",
    say: ({ image, registry }) => `${registry} does not let this machine have ${image}`,
  },
  {
    pattern: /manifest unknown|name unknown|repository name not known|not found|status 404/i,
    code: "image_not_found",
    say: ({ image }) => `its registry has no image ${image}; check name and tag`,
  },
  {
    pattern:
      /connection refused|no such host|i\/o timeout|timed? ?out|deadline exceeded|unreachable|no route to host|connection reset|\b(tls|x509|EOF)\b|http response to https/i,
    code: "registry_unreachable",
    say: ({ registry }) => `${registry} cannot be reached from here; check its name, the network and the proxy`,
  },
];

/** What Podman says when a registry did not give it what was asked for, as an error of ours. Pure. */
export const registryFailure = (stderr: string, image: string): StromboliError => {
  const said = lastLine(stderr);
  const registry = image.slice(0, Math.max(0, image.indexOf("/"))) || "the registry";
  const words = withoutNames(said, image);
  const known = reasons.find(({ pattern }) => pattern.test(words));
  if (!known) return new StromboliError("registry_failed", `Podman got nothing from ${registry}: ${said}`);
  return new StromboliError(known.code, known.say({ image, registry }));
};

/** What was asked for may be called like a reason: an image `eof/tls:denied` of its own registry. */
const withoutNames = (said: string, image: string): string => {
  const name = image.replace(/[:@][^/]*$/, "");
  const registry = image.slice(0, Math.max(0, image.indexOf("/")));
  const names = [image, name, registry, registry.replace(/:\d+$/, "")].filter(Boolean);
  return names.reduce(
    (words, one) => words.replaceAll(one, "NAME"),
    said.replaceAll(/\b(https?|docker):\/\/[^\s"]+/g, "URL").replaceAll(/\b(reading manifest) [^\s:]+/g, "$1"),
  );
};
