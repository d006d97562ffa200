import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { StromboliError, unlessMissing } from "../errors.ts";
import { mountCheck, type ExpectedMount } from "../podman/mount-check.ts";
import type { Volume } from "../policy/volumes.ts";
import { escapeMount } from "./host-path.ts";

const changedIn = (folder: string): string => join(folder, "changed");

/** What looks at a container's mounts before it starts, in a folder for Podman's --hooks-dir; see mountCheck. */
export const writeVolumeCheck = async (folder: string, volumes: readonly Volume[]): Promise<void> => {
  await mkdir(folder, { mode: 0o700 });
  const check = mountCheck(volumes.map(expected), changedIn(folder));
  await writeFile(join(folder, "volumes.json"), check, { mode: 0o600 });
};

const expected = ({ owner, source, target }: Volume): ExpectedMount => {
  if (!owner) throw new StromboliError("volume_changed", `the folder ${source} was made and is gone again`);
  return { ...owner.place, target: escapeMount(target) };
};

/** Why the check let no container be made; undefined when it had nothing to say. */
export const foundChanged = async (folder: string): Promise<StromboliError | undefined> => {
  const target = await readFile(changedIn(folder), "utf8").catch(unlessMissing);
  return target === undefined ? undefined : volumeChanged(target.trim());
};

const volumeChanged = (target: string) =>
  new StromboliError(
    "volume_changed",
    `the volume for ${target} was replaced while its container was being made, or ${target} is a link in the image; nothing has run`,
  );
