import { cliPath } from "../policy/container.ts";
import type { Machine } from "../policy/plan.ts";
import type { Podman } from "../podman/podman.ts";
import type { Config } from "../schema/config.ts";
import { bytesOf } from "../schema/units.ts";
import { judgeTrial } from "./limits.ts";
import type { Verdict } from "./finding.ts";

const withinSeconds = 60;

type Options = { config: Config; podman: Podman; machine: Machine; binary: string };

/** Runs the CLI in the default image with the flags of a real run, and has the container read its own limit. */
export const tryContainer = async ({ config, podman, machine, binary }: Options): Promise<Verdict> => {
  const memoryBytes = bytesOf(config.defaults.memory);
  const result = await podman.call(trialArgv({ config, machine, binary, memoryBytes }), {
    timeoutMs: (withinSeconds + 30) * 1000,
  });
  return judgeTrial({ ...result, memoryBytes });
};

const script = `cat /sys/fs/cgroup/memory.max 2>/dev/null || cat /sys/fs/cgroup/memory/memory.limit_in_bytes || echo none
"$0" --version`;

type Trial = Pick<Options, "config" | "machine" | "binary"> & { memoryBytes: number };

const trialArgv = ({ config: { podman, defaults }, machine, binary, memoryBytes }: Trial): string[] => [
  "run", "--rm", "--init", "--pull=never", "--network=none",
  `--name=stromboli-doctor-${process.pid}`,
  "--log-driver=none",
  `--user=${machine.rootless ? `${machine.uid}:${machine.gid}` : podman.user}`,
  ...(machine.rootless ? ["--userns=keep-id"] : []),
  "--cap-drop=all", "--security-opt=no-new-privileges", "--read-only", "--http-proxy=false",
  ...(machine.selinux ? ["--security-opt=label=disable"] : []),
  `--memory=${memoryBytes}`, `--memory-swap=${memoryBytes}`, `--cpus=${defaults.cpus}`, `--pids-limit=${defaults.pids}`,
  `--timeout=${withinSeconds}`,
  "--env=HOME=/tmp",
  `--volume=${binary}:${cliPath}:ro`,
  "--entrypoint=",
  podman.image,
  "/bin/sh", "-c", script, cliPath,
]; // prettier-ignore
