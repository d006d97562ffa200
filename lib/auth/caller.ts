import { Scope } from "../schema/auth.ts";

/** Who asks, and what it may do. */
export type Caller = {
  /** Whose things are whose: the name of an API token, or `local`. */
  name: string;
  scopes: readonly Scope[];
  /** Patterns of the secrets that it may use beside its own. */
  secrets: readonly string[];
  /** The API token by which it is known; null for who needs none. */
  tokenId: string | null;
};

/** Whoever reaches the daemon where no authentication is required: a user of this machine. */
export const localCaller: Caller = { name: "local", scopes: Scope.options, secrets: ["*"], tokenId: null };

/** Whether a caller may do what a scope stands for; admin may do everything. */
export const may = ({ scopes }: Pick<Caller, "scopes">, scope: Scope): boolean =>
  scopes.includes(scope) || scopes.includes("admin");

/** Whether a caller may know of something that belongs to `owner`. */
export const sees = (caller: Pick<Caller, "name" | "scopes">, owner: string): boolean =>
  caller.name === owner || may(caller, "admin");

/** Whose things a caller gets to see in a list: its own, or for an admin everybody's. */
export const ownerFor = (caller: Pick<Caller, "name" | "scopes">): string | undefined =>
  may(caller, "admin") ? undefined : caller.name;
