import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { execa } from "execa";
import { podmanEnvironment } from "../../lib/machine.ts";
import type { Owner } from "./harness.ts";
import { until } from "./wait.ts";

const env = podmanEnvironment(process.env);

/** Runs Podman with the settings that the daemon uses; never throws, the exit code tells. */
export const podman = (...argv: readonly string[]) => execa("podman", argv, { env, extendEnv: false, reject: false });

/** Podman's own word in a job's stderr where it cannot limit what it runs. */
export const unlimited = /^Resource limits are not supported .*\n?/m;

export const rootful = process.getuid?.() === 0;

/** Names of all containers with a label, running or not. */
export const containersWith = async (label: string): Promise<string[]> => {
  const { stdout } = await podman("ps", "--all", `--filter=label=${label}`, "--format={{.Names}}");
  return stdout.split("\n").filter(Boolean);
};

/** A secret in Podman's store under a name of its own, gone after the test. */
export const secretWith = async (t: TestContext, value: string): Promise<string> => {
  const name = `stromboli-e2e-${randomUUID()}`;
  t.after(() => podman("secret", "rm", name));
  // not on stdin: Podman takes a pipe there alone, and Node's pipes are sockets
  await execa("podman", ["secret", "create", "--env=true", name, "VALUE"], {
    env: { ...env, VALUE: value },
    extendEnv: false,
  });
  return name;
};

/**
 * Whether a limit that is asked for holds: Podman's own word is worth nothing here, so a container reads it off its
 * cgroup.
 */
export const enforcesLimits = async (): Promise<boolean> => {
  const flags = ["--rm", "--network=none", "--memory=64m", "--pull=never", ...(rootful ? [] : ["--userns=keep-id"])];
  const script = "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null";
  const { stdout } = await podman("run", ...flags, defaultImage, "sh", "-c", script);
  return stdout.includes(String(64 * 1024 ** 2));
};

export const defaultImage = "localhost/stromboli-agent:latest";

/** A small image with these empty files, or with none the default image; `changes` as in a Containerfile. */
export const imageFrom = async (
  t: Owner,
  files: readonly string[],
  changes: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const folder = mkdtempSync("/tmp/stromboli-e2e-files-");
  t.after(async () => rmSync(folder, { recursive: true }));
  for (const file of files) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), "");
  }
  const lines = [files.length === 0 ? `FROM ${defaultImage}` : "FROM scratch\nCOPY . /"];
  for (const [instruction, value] of Object.entries(changes)) lines.push(`${instruction} ${value}`);
  return buildImage(t, lines, { context: folder });
};

/** Gives an image one name more until the test is over. */
export const nameAgain = async (t: TestContext, image: string): Promise<void> => {
  const name = `localhost/stromboli-e2e-${randomUUID()}:latest`;
  t.after(() => podman("untag", image, name));
  await podman("tag", image, name);
};

type Build = { context: string; flags?: readonly string[] };

/** An image from the lines of a Containerfile, which finds its files in `context`; gone after the test. */
export const buildImage = async (
  t: Owner,
  recipe: readonly string[],
  { context, flags = [] }: Build,
): Promise<string> => {
  const name = `localhost/stromboli-e2e-${randomUUID()}:latest`;
  const folder = mkdtempSync("/tmp/stromboli-e2e-image-");
  t.after(async () => {
    // not at once where the daemon is removing a container of it, too
    await until("the image to be gone", async () => !(await podman("rmi", "--force", "--ignore", name)).failed);
    rmSync(folder, { recursive: true });
  });
  const script = join(folder, "Containerfile");
  writeFileSync(script, recipe.join("\n"));
  const argv = ["build", "--pull=never", ...flags, `--tag=${name}`, `--file=${script}`, context];
  await execa("podman", argv, { env, extendEnv: false });
  return name;
};
