import { Scope } from "../schema/auth.ts";

/** Who asks, and what it may do. */
export type Caller = {
  /** Whose things are whose: the name of an API token, or `local`. */
  name: string;
  scopes: readonly Scope[];
  /** Patterns of the secrets that it may use beside its own. */
  secrets: readonly string[];
};

/** Whoever reaches the daemon where no authentication is required: a user of this machine. */
export const localCaller: Caller = { name: "local", scopes: Scope.options, secrets: ["*"] };

/** Whether a caller may do what a scope stands for; admin may do everything. */
export const may = ({ scopes }: Pick<Caller, "scopes">, scope: Scope): boolean =>
  scopes.includes(scope) || scopes.includes("admin");

/** Whether a caller may know of something that belongs to `owner`. */
export const sees = (caller: Pick<Caller, "name" | "scopes">, owner: string): boolean =>
  caller.name === owner || may(caller, "admin");
