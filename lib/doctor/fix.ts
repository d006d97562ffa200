import { chmodSync, lstatSync, rmSync } from "node:fs";
import { userInfo } from "node:os";
import { answers } from "../socket.ts";
import type { Fix, Finding } from "./finding.ts";

/** Each thing to do once: one set-up mends all that a set-up can. Tells what it does before it does it. */
export const fixesFor = (findings: readonly Finding[]): Fix[] => {
  const fixes = findings.flatMap(({ fix }) => (fix ? [fix] : []));
  const setups = fixes.filter((fix) => fix.kind === "setup");
  const args = new Set(setups.flatMap(({ args: given }) => given));
  return [
    ...fixes.filter((fix) => fix.kind !== "setup"),
    ...(setups.length > 0 ? [{ kind: "setup" as const, args: [...args] }] : []),
  ];
};

export const describeFix = (fix: Fix): string => {
  if (fix.kind === "setup") return ["stromboli setup", ...fix.args].join(" ");
  return fix.kind === "mode" ? `chmod ${fix.mode.toString(8)} ${fix.paths.join(" ")}` : `rm ${fix.path}`;
};

/** Follows no link and takes what is one's own alone; what has changed since it was found stays as it is. */
export const applyFix = async (fix: Exclude<Fix, { kind: "setup" }>): Promise<void> => {
  if (fix.kind === "remove") {
    if (isOwn(fix.path, "socket") && !(await answers(fix.path))) rmSync(fix.path);
    return;
  }
  for (const path of fix.paths) if (isOwn(path, "file or folder")) chmodSync(path, fix.mode);
};

const isOwn = (path: string, what: "socket" | "file or folder"): boolean => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.uid !== userInfo().uid) return false;
  return what === "socket" ? stat.isSocket() : stat.isFile() || stat.isDirectory();
};
