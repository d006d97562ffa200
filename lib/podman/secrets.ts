import { closeSync, openSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { StromboliError } from "../errors.ts";
import { lastLine, type Podman } from "./podman.ts";
import { sharing } from "./share.ts";

export type PodmanSecret = { id: string; name: string; createdAt: number };
export type SecretVault = ReturnType<typeof createSecretVault>;

/** Podman's store of secrets. `folder` is private, and holds a value for as long as it takes to open it. */
export const createSecretVault = ({ podman, folder }: { podman: Podman; folder: string }) => {
  const listed = sharing(() => list(podman));

  return {
    list: (): Promise<PodmanSecret[]> => listed("all"),

    /** Throws `secret_exists` when there is one of that name. */
    async create(name: string, value: string): Promise<void> {
      using file = openHidden(join(folder, `secret-${crypto.randomUUID()}`), value);
      const { exitCode, stderr } = await podman.call(["secret", "create", "--", name, "/proc/self/fd/0"], {
        stdin: file.fd,
      });
      if (exitCode === 0) return;
      if (/already in use|exists/i.test(stderr)) throw secretExists(name);
      throw new StromboliError("podman_failed", `podman secret create failed: ${lastLine(stderr)}`);
    },

    /** False when there was none of that name. */
    async remove(name: string): Promise<boolean> {
      const { exitCode, stderr } = await podman.call(["secret", "rm", "--", name]);
      if (exitCode === 0) return true;
      if (isMissing(stderr)) return false;
      throw new StromboliError("podman_failed", `podman secret rm failed: ${lastLine(stderr)}`);
    },
  };
};

export const secretExists = (name: string): StromboliError =>
  new StromboliError("secret_exists", `there is a secret ${name} already`);

/**
 * A file that has no name any more: Podman refuses sockets as its stdin, which Node's pipes are, and an environment
 * variable holds no more than 128 KiB.
 */
const openHidden = (path: string, value: string): { fd: number } & Disposable => {
  writeFileSync(path, value, { mode: 0o600, flag: "wx" });
  try {
    const fd = openSync(path, "r");
    return { fd, [Symbol.dispose]: () => closeSync(fd) };
  } finally {
    rmSync(path, { force: true });
  }
};

const Inspected = z.array(
  z
    .object({ ID: z.string(), CreatedAt: z.string(), Spec: z.object({ Name: z.string() }) })
    .transform(({ ID: id, CreatedAt, Spec }) => ({ id, name: Spec.Name, createdAt: Date.parse(CreatedAt) })),
);

/** One that goes between the two calls makes the second fail; then both are made anew. */
const list = async (podman: Podman, tries = 3): Promise<PodmanSecret[]> => {
  const ids = (await podman.output(["secret", "ls", "--quiet"])).split("\n").filter(Boolean);
  if (ids.length === 0) return [];
  const { exitCode, stdout, stderr } = await podman.call(["secret", "inspect", "--", ...ids]);
  if (exitCode === 0) return Inspected.parse(JSON.parse(stdout));
  if (isMissing(stderr) && tries > 1) return list(podman, tries - 1);
  throw new StromboliError("podman_failed", `podman secret inspect failed: ${lastLine(stderr)}`);
};

const isMissing = (stderr: string): boolean => /no such secret|no secret/i.test(stderr);
