import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { podmanEnvironment } from "../../lib/machine.ts";
import type { Owner } from "./harness.ts";
import { defaultImage, podman } from "./podman.ts";

/** What bin/setup --tests fetches: Debian's Redis, of its packages. */
const files = join(process.env["XDG_STATE_HOME"] || join(homedir(), ".local/state"), "stromboli/redis.tar");

/** Why tests of services are skipped; false where there is a Redis for them. */
export const noRedis = !existsSync(files) && "there is no redis.tar here; bin/setup --tests makes it";

/** An image with a real Redis in it, its healthcheck in the image itself; gone after the test. */
export const redisImage = async (t: Owner): Promise<string> => {
  const name = `localhost/stromboli-e2e-redis-${crypto.randomUUID()}:latest`;
  t.after(async () => void (await podman("rmi", "--force", "--ignore", name)));
  const recipe = [
    `FROM ${defaultImage}`,
    "ADD redis.tar /usr/",
    "HEALTHCHECK --interval=1s --retries=60 CMD redis-cli ping",
    'ENTRYPOINT ["redis-server", "--save", "", "--protected-mode", "no"]',
  ].join("\n");
  const folder = mkdtempSync("/tmp/stromboli-e2e-redis-");
  t.after(async () => rmSync(folder, { recursive: true }));
  const file = join(folder, "Containerfile");
  writeFileSync(file, recipe);
  const argv = ["build", "--pull=never", "--format=docker", `--tag=${name}`, `--file=${file}`, join(files, "..")];
  await execa("podman", argv, { env: podmanEnvironment(process.env), extendEnv: false });
  return name;
};
