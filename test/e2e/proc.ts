import { readdirSync, readFileSync } from "node:fs";

/** The ids of all processes of the machine. */
export const processIds = (): string[] => readdirSync("/proc").filter((name) => /^\d+$/.test(name));

/** What the kernel tells of a process; nothing where it has just ended, or is somebody else's. */
export const readProcess = (pid: string, file: "cmdline" | "environ" | "status"): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};
