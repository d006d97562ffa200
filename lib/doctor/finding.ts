/** What `--fix` may do: nothing of it touches the system's own configuration. */
export type Fix =
  | { kind: "setup"; args: readonly string[] }
  | { kind: "mode"; paths: readonly string[]; mode: number }
  | { kind: "remove"; path: string };

export type Verdict = {
  status: "ok" | "warning" | "failure";
  /** What was found, and what follows from it. */
  message: string;
  /** What to do about it, as exactly as can be said. */
  remedy?: string;
  fix?: Fix;
};
export type Finding = Verdict & { name: string };

/** A check that has nothing to judge, as what it needs is missing and another check says so, finds nothing. */
export type Check = { name: string; look: () => Verdict | undefined | Promise<Verdict | undefined> };

export const ok = (message: string): Verdict => ({ status: "ok", message });
/** Agents run, with less than one might believe. */
export const warning = (message: string, remedy: string): Verdict => ({ status: "warning", message, remedy });
/** Agents do not run, or will not for long. */
export const failure = (message: string, remedy: string): Verdict => ({ status: "failure", message, remedy });
