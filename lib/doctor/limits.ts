import type { PodmanInfo } from "../podman/info.ts";
import { failure, ok, warning, type Verdict } from "./finding.ts";

const needed = ["cpu", "memory", "pids"];

/** `bus`: whether the user's systemd can be asked for cgroups. */
type Session = { bus: boolean };

/** Whether limits are enforced, as far as can be told without a container; {@link judgeTrial} has the proof. */
export const judgeLimits = ({ host }: PodmanInfo, { bus }: Session): Verdict => {
  const { cgroupVersion: version, cgroupManager: manager, security } = host;
  const controllers = new Set(host.cgroupControllers ?? []);
  const missing = needed.filter((name) => !controllers.has(name));
  const kind = `cgroup ${version || "of an unknown version"}, ${manager || "no manager"}`;
  if (!security.rootless && version === "v1") return ok(kind);
  if (version !== "v2")
    return warning(
      `${kind}: rootless, no limit on memory, CPU and processes holds; runs go on without`,
      "boot with cgroup v2: add systemd.unified_cgroup_hierarchy=1 to the kernel's command line",
    );
  if (missing.length > 0)
    return warning(`${kind}: no ${missing.join(", ")} for this user, so these limits do not hold`, delegate);
  if (security.rootless && !bus)
    return warning(
      `${kind}: there is no user bus, and Podman then drops limits without a word`,
      "install dbus-user-session, then log in anew (not with su or sudo)",
    );
  return ok(`${kind}, with ${needed.join(", ")}`);
};

const delegate =
  "write [Service] and below it Delegate=cpu memory pids into /etc/systemd/system/user@.service.d/delegate.conf, type: sudo systemctl daemon-reload, then log in anew";

/** What a trial container printed: the limit that it found on itself, if any, and the CLI's word on its version. */
export type Trial = { exitCode: number; stdout: string; stderr: string; memoryBytes: number };

/** The truth about limits: a container with one reads it off its own cgroup. Podman's word is worth nothing here. */
export const judgeTrial = ({ exitCode, stdout, stderr, memoryBytes }: Trial): Verdict => {
  const [limit = "", cli = ""] = stdout.split("\n");
  const megabytes = memoryBytes / 1_048_576;
  if (limit === "" || exitCode !== 0)
    return {
      ...failure(
        `a container does not run: ${lastLine(stderr) || `exit code ${exitCode}`}`,
        "find Podman's settings anew with: stromboli setup --force",
      ),
      fix: { kind: "setup", args: ["--force"] },
    };
  const ran = `claude ${cli.split(" ")[0] ?? ""} ran in a container`;
  return limit === String(memoryBytes)
    ? ok(`${ran}, whose ${megabytes} MiB of memory are a limit that holds`)
    : warning(
        `${ran}, but its limit of ${megabytes} MiB does not hold (it finds ${withoutLimit(limit) ? "none" : limit})`,
        "see the line about limits, and docs/operating.md",
      );
};

/** In the words of cgroup v2 and v1. */
const withoutLimit = (read: string): boolean => read === "max" || read === "none" || Number(read) > 2 ** 60;

const lastLine = (text: string): string => text.trim().split("\n").at(-1)?.slice(0, 300) ?? "";
