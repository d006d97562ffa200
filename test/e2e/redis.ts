import { existsSync } from "node:fs";
import { join } from "node:path";
import { stateFolder } from "../../lib/paths.ts";
import type { Owner } from "./harness.ts";
import { buildImage, defaultImage } from "./podman.ts";

/** Where bin/setup --tests puts Debian's Redis, of its packages. */
const fetched = stateFolder(process.env);

/** Why tests of services are skipped; false where there is a Redis for them. */
export const noRedis =
  !existsSync(join(fetched, "redis.tar")) && "there is no redis.tar here; bin/setup --tests makes it";

/** An image with a real Redis in it, its healthcheck in the image itself; gone after the test. */
export const redisImage = (t: Owner): Promise<string> => {
  const recipe = [
    `FROM ${defaultImage}`,
    "ADD redis.tar /usr/",
    "HEALTHCHECK --interval=1s --retries=60 CMD redis-cli ping",
    'ENTRYPOINT ["redis-server", "--save", "", "--protected-mode", "no"]',
  ];
  return buildImage(t, recipe, { context: fetched, flags: ["--format=docker"] });
};
