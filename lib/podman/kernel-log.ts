import { closeSync, constants, openSync, readSync } from "node:fs";

/**
 * Whether the kernel's log tells of an out-of-memory kill in this container. On cgroup v1 Podman 4.3 does not notice
 * those (its OOMKilled stays false); rootful, where alone limits hold there, the log can be read and names the container.
 */
export const kernelSawOom = (containerId: string): boolean => {
  let file: number | undefined;
  try {
    file = openSync("/dev/kmsg", constants.O_RDONLY | constants.O_NONBLOCK);
    return findRecord(file, (record) => record.includes("oom-kill:") && record.includes(containerId));
  } catch {
    return false; // an ordinary user may not read it
  } finally {
    if (file !== undefined) closeSync(file);
  }
};

/** Each read gives one record; EAGAIN is the end, EPIPE means that old records made room for new ones. */
const findRecord = (file: number, matches: (record: string) => boolean): boolean => {
  const buffer = Buffer.alloc(8192);
  for (;;) {
    try {
      if (matches(buffer.toString("utf8", 0, readSync(file, buffer)))) return true;
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) return false;
    }
  }
};
