import { fileURLToPath } from "node:url";
import type { Place } from "../policy/host-path.ts";

/** A volume as the container is to have it, in the words of mountinfo. */
export type ExpectedMount = Place & { target: string };

/**
 * A hook for Podman's --hooks-dir that looks at a container once all is mounted and nothing of it runs: each volume has
 * to be the place that policy was asked about, at the target that it was asked about. Else it writes the target into a
 * file, and the runtime makes no container of it. See docs/podman.md for why it is this and nothing simpler.
 */
export const mountCheck = (expected: readonly ExpectedMount[], changedFile: string): string =>
  JSON.stringify({
    version: "1.0.0",
    hook: {
      path: "/bin/sh",
      args: ["sh", script, changedFile, ...expected.flatMap(({ device, root, target }) => [device, root, target])],
      timeout: 60, // seconds; a busy machine may take ten
    },
    when: { always: true },
    stages: ["createRuntime"],
  });

const script = fileURLToPath(new URL("mount-check.sh", import.meta.url));
