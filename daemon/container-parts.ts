import { createJobStacks } from "../lib/jobs/stacks.ts";
import type { StackSpecDeps } from "../lib/jobs/stack-spec.ts";
import type { Log } from "../lib/log.ts";
import { createContainers } from "../lib/podman/containers.ts";
import { createEnds } from "../lib/podman/ends.ts";
import { createOrphanWatch } from "../lib/podman/orphans.ts";
import type { Podman } from "../lib/podman/podman.ts";
import { createStacks } from "../lib/podman/stacks.ts";
import type { Stores } from "../lib/store/stores.ts";

type Options = StackSpecDeps &
  Pick<Stores, "jobs" | "stackStore"> & {
    podman: Podman;
    /** Marks the containers that are ours. */
    label: string;
    log: Log;
    now: () => number;
  };

/** All that has to do with containers: the agents' and those of the services beside them. */
export const createContainerParts = (options: Options, stack: AsyncDisposableStack) => {
  const { podman } = options;
  const containers = createContainers(podman);
  const orphans = createOrphanWatch();
  const ends = stack.use(createEnds({ ...options, containers }));
  const stacks = stack.use(createJobStacks({ ...options, stacks: createStacks({ podman, containers, orphans }) }));
  return { containers, orphans, ends, stacks };
};
