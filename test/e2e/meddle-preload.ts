import { existsSync, readFileSync } from "node:fs";
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Loaded into a daemon before its own code, for what no test can bring about from outside. Files in $MEDDLE arm it:
 * `clock` holds milliseconds by which the clock is wrong; while there is a `hold`, no output is looked at when its job
 * has ended, and `held` tells that one would be.
 */
const folder = process.env["MEDDLE"] ?? "";
const everyMs = 20;

const clock = Date.now;
Date.now = () => clock() + Number(read("clock"));

const read = (name: string): string => {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
};

const { chmod } = files;
files.chmod = async (path, mode) => {
  if (String(path).endsWith("output.jsonl") && existsSync(join(folder, "hold"))) {
    await files.writeFile(join(folder, "held"), "");
    while (existsSync(join(folder, "hold"))) await pause(everyMs);
  }
  return chmod(path, mode);
};
syncBuiltinESMExports();
