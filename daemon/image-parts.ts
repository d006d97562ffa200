import { join } from "node:path";
import type { CliFinder } from "../lib/agent/binary.ts";
import { messageOf } from "../lib/errors.ts";
import { createCatalogue } from "../lib/images.ts";
import type { Log } from "../lib/log.ts";
import { createImages } from "../lib/podman/images.ts";
import type { Podman } from "../lib/podman/podman.ts";
import { createPulls } from "../lib/podman/pulls.ts";
import { createRegistry } from "../lib/podman/registry.ts";
import { createRoom } from "../lib/podman/room.ts";
import type { Machine } from "../lib/policy/plan.ts";
import type { Config } from "../lib/schema/config.ts";
import { bytesOf } from "../lib/schema/units.ts";
import type { ImageStore } from "../lib/store/images.ts";

type Options = {
  /** The state folder. */
  state: string;
  config: Config;
  podman: Podman;
  machine: Machine;
  /** Marks the containers that are ours. */
  label: string;
  store: ImageStore;
  cli: CliFinder;
  log: Log;
  now: () => number;
};

/** All that has to do with images: those here, those that are pulled, and what callers see of them. */
export const createImageParts = (
  { state, config, podman, machine, label, store, cli, log, now }: Options,
  stack: AsyncDisposableStack,
) => {
  const images = stack.use(createImages({ podman, store, label, now }));
  const keepFree = bytesOf(config.podman.keep_free);
  const room = createRoom({ podman, keepFree, mark: machine.stateLabel, note: join(state, "downloads") });
  const cleared = room.clear().catch((error: unknown) => {
    log.warn({ error: messageOf(error) }, "what is left of pulls could not be removed yet");
  });
  stack.defer(() => cleared);
  const registry = createRegistry({ podman, room });
  const pulls = stack.use(createPulls({ registry, log }));
  return { images, pulls, catalogue: createCatalogue({ config, images, registry, pulls, cli, log }) };
};
