import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { execa } from "execa";
import { podmanEnvironment } from "../../lib/machine.ts";

const env = podmanEnvironment(process.env);

/** Runs Podman with the settings that the daemon uses; never throws, the exit code tells. */
export const podman = (...argv: readonly string[]) => execa("podman", argv, { env, extendEnv: false, reject: false });

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
  await execa("podman", ["secret", "create", name, "-"], { env, extendEnv: false, input: value });
  return name;
};
