import { ok, failure, warning, type Verdict } from "./finding.ts";

const oldestNode = 24;

export const judgeNode = ({ version, path }: { version: string; path: string }): Verdict =>
  Number.parseInt(version.replace("v", ""), 10) >= oldestNode
    ? ok(`${version} (${path})`)
    : failure(`${version} is too old`, `install Node ${oldestNode} or newer, or reinstall Stromboli, which brings it`);

/** What pasta and slirp4netns make a container's network with. */
export const judgeTun = ({
  rootless,
  found,
}: {
  rootless: boolean;
  found: "usable" | "closed" | "missing";
}): Verdict => {
  if (!rootless) return ok("not needed by root");
  if (found === "usable") return ok("/dev/net/tun can be used");
  const without = "runs with network: full do not start, those with network: none do";
  return found === "missing"
    ? warning(`there is no /dev/net/tun: ${without}`, "type: sudo modprobe tun; in a container, hand the device in")
    : warning(`/dev/net/tun is closed to this user: ${without}`, "type: sudo chmod 0666 /dev/net/tun");
};

/** Whether what a user runs outlives its last session. */
export const judgeLinger = (facts: { root: boolean; systemd: boolean; lingers: boolean; user: string }): Verdict => {
  if (facts.root) return ok("not needed by root");
  if (!facts.systemd) return ok("no systemd here: nobody ends what runs at logout");
  return facts.lingers
    ? ok("on: daemon and runs outlive your logout")
    : warning(
        "off: systemd ends daemon and runs when you log out, and starts no service of yours at boot",
        `type: sudo loginctl enable-linger ${facts.user}`,
      );
};

const skewMs = 300_000;

/** `newestMs`: when the youngest file of the state folder was written. `serverMs`: what the model API's clock says. */
type Times = { nowMs: number; newestMs: number | undefined; serverMs: number | undefined };

/** A clock that is wrong breaks TLS, tokens and retention. Alone, it shows only by files of the future. */
export const judgeClock = ({ nowMs, newestMs, serverMs }: Times): Verdict => {
  const remedy = "set the clock, best by a time service: sudo timedatectl set-ntp true";
  if (serverMs !== undefined && Math.abs(nowMs - serverMs) > skewMs)
    return failure(`${minutes(nowMs - serverMs)} than the clock of the model API`, remedy);
  if (newestMs !== undefined && newestMs - nowMs > skewMs)
    return warning(`${minutes(nowMs - newestMs)} than the state folder's newest file`, remedy);
  return ok(new Date(nowMs).toISOString());
};

const minutes = (aheadMs: number): string =>
  `the clock is ${Math.round(Math.abs(aheadMs) / 60_000)} min ${aheadMs < 0 ? "earlier" : "later"}`;

export type Space = { path: string; freeBytes: number };

/** Of several folders on full disks the fullest is named. */
export const judgeDisk = (spaces: readonly Space[], keepFree: number): Verdict => {
  const [least] = spaces.toSorted((a, b) => a.freeBytes - b.freeBytes);
  if (!least) return ok("there is nothing yet that could be full");
  const what = `${gigabytes(least.freeBytes)} GiB free at ${least.path}`;
  if (least.freeBytes >= keepFree) return ok(what);
  const remedy = "make room: stromboli prune --jobs-older-than 7d, podman image prune";
  return least.freeBytes < leastForRuns
    ? failure(`${what}: runs cannot write their output`, remedy)
    : warning(`${what}, less than podman.keep_free: no image is pulled`, remedy);
};

const leastForRuns = 64 * 1_048_576;
const gigabytes = (bytes: number): string => (bytes / 1_073_741_824).toFixed(1);
