import { StromboliError } from "../errors.ts";
import type { Podman } from "./podman.ts";

export type Secrets = ReturnType<typeof createSecrets>;

export const createSecrets = (podman: Podman) => ({
  /** Throws `secret_not_found` for the first name that Podman's store does not hold. */
  async check(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const stdout = await podman.output(["secret", "ls", "--format={{.Name}}"]);
    const held = new Set(stdout.split("\n"));
    const missing = names.find((name) => !held.has(name));
    if (missing !== undefined) throw new StromboliError("secret_not_found", `there is no secret ${missing}`);
  },
});
