import { may, type Caller } from "../auth/caller.ts";

/** A secret of Podman's store; `owner` is who made it through Stromboli, if anybody did. */
export type KnownSecret = { name: string; owner: string | undefined };

/**
 * Whether a caller may use a secret, and so know of it: its own, and those that its token's patterns grant; of those that
 * were made with Podman only what `allowed`, the patterns of policy.secrets, lets through. Pure.
 */
export const mayUseSecret = (caller: Caller, { name, owner }: KnownSecret, allowed: readonly string[]): boolean => {
  if (owner === caller.name) return true;
  const granted = may(caller, "admin") || matches(caller.secrets, name);
  return granted && (owner !== undefined || matches(allowed, name));
};

/** In a pattern * stands for anything; names have no characters that a regular expression heeds. */
const matches = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => new RegExp(`^${pattern.replaceAll("*", ".*")}$`).test(name));
