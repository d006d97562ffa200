import { StromboliError } from "../errors.ts";
import type { Podman } from "./podman.ts";
import { sharing } from "./share.ts";

export type Secrets = ReturnType<typeof createSecrets>;

export const createSecrets = (podman: Podman) => {
  const list = sharing(() => podman.output(["secret", "ls", "--format={{.Name}}"]));

  return {
    /** Throws `secret_not_found` for the first name that Podman's store does not hold. */
    async check(names: readonly string[]): Promise<void> {
      if (names.length === 0) return;
      const held = new Set((await list("all")).split("\n"));
      const missing = names.find((name) => !held.has(name));
      if (missing !== undefined) throw new StromboliError("secret_not_found", `there is no secret ${missing}`);
    },
  };
};
