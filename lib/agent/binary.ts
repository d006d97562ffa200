import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StromboliError } from "../errors.ts";
import type { LocalImage } from "../podman/images.ts";
import type { Config } from "../schema/config.ts";
import { cliVersion } from "../version.ts";

export type CliFinder = ReturnType<typeof createCliFinder>;

const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };
const platforms: Readonly<Record<string, readonly string[]>> = {
  x64: ["linux/amd64"],
  arm64: ["linux/arm64", "linux/arm64/v8"],
};

/** `fetched`: where `setup --musl` puts the musl build, below the CLI's version. */
type Options = { arch?: string; fetched?: string };

/** Finds the CLI's binary on this machine; it is mounted into the container, so images need not contain it. */
export const createCliFinder = ({ claude }: Config, { arch = process.arch, fetched }: Options = {}) => {
  const glibc = claude.binary || installed(`@anthropic-ai/claude-code-linux-${arch}`);
  const musl =
    claude.musl_binary ||
    (installed(`@anthropic-ai/claude-code-linux-${arch}-musl`) ?? (fetched && join(fetched, cliVersion, "claude")));

  return {
    /** The binary for glibc images, if it is there; what the daemon's health depends on. */
    glibc: () => (glibc !== undefined && existsSync(glibc) ? glibc : undefined),

    /** The binary for musl images, if it is there. */
    musl: () => (musl !== undefined && existsSync(musl) ? musl : undefined),

    /** Refuses what is for another machine, as `image_incompatible`. */
    checkPlatform(platform: string): void {
      const own = platforms[arch] ?? [];
      if (own.includes(platform)) return;
      throw new StromboliError(
        "image_incompatible",
        `images for ${platform} cannot run here, and would take the name of the one that can; leave platform out, or name this machine's: ${own[0] ?? arch}`,
      );
    },

    /** The binary that runs in an image; throws `image_incompatible` when none does. */
    forImage(reference: string, { libc, architecture }: Pick<LocalImage, "libc" | "architecture">): string {
      if (architecture !== architectures[arch]) {
        throw new StromboliError(
          "image_incompatible",
          `image ${reference} is for ${architecture} and this machine is ${architectures[arch] ?? arch}; pull the image for this one`,
        );
      }
      if (libc === "none") {
        throw new StromboliError(
          "image_incompatible",
          `image ${reference} has no C library, so the agent cannot start in it; use one based on Debian, Ubuntu or Fedora`,
        );
      }
      const binary = libc === "musl" ? musl : glibc;
      if (binary !== undefined && existsSync(binary)) return binary;
      throw new StromboliError("image_incompatible", missing(reference, libc));
    },
  };
};

const installed = (name: string): string | undefined => {
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), "claude");
  } catch {
    return undefined; // an optional package that is not on this machine
  }
};

const missing = (reference: string, libc: "glibc" | "musl") =>
  libc === "musl"
    ? `image ${reference} is built on musl (as Alpine is) and the musl build of the CLI is not installed; get it with: stromboli setup --musl, or use a Debian-based image`
    : `the claude CLI is not installed; run npm ci, or set claude.binary`;
