import { openReadable } from "../jobs/folder.ts";
import { hookNames, type HookName } from "./plan.ts";

export type Hook = { name: HookName; index: number };

/** How far the hooks of a run have come. */
export type HookState =
  | { state: "running"; /** Undefined before the first. */ last: Hook | undefined }
  | { state: "failed"; last: Hook; exitCode: number }
  | { state: "done"; /** Where the image has a `date` that tells it. */ at: number | undefined };

/** More than honest lines of the most hooks take. */
const mostBytes = 32_768;

/**
 * What a container's hooks have written down; undefined for a run without hooks. A hook can reach the file: no more of it
 * is read than is honest, and one that cannot be read says nothing.
 */
export const readHookState = async (path: string): Promise<HookState | undefined> => {
  try {
    await using file = await openReadable(path);
    if (!file) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(mostBytes), 0, mostBytes, 0);
    return hookStateOf(buffer.toString("utf8", 0, bytesRead));
  } catch {
    return { state: "running", last: undefined };
  }
};

/** Pure. What makes no sense is passed over. */
export const hookStateOf = (text: string): HookState => {
  const lines = text.split("\n");
  const done = lines.find((line) => line.startsWith("done"));
  if (done !== undefined) return { state: "done", at: timeOf(done) };
  const moves = lines.flatMap((line) => moveOf(line));
  const { hook, exitCode = 0 } = moves.at(-1) ?? {};
  return hook && exitCode !== 0 ? { state: "failed", last: hook, exitCode } : { state: "running", last: hook };
};

const moveOf = (line: string) => {
  const [, given, index, code] = /^(?:started|ended) (\w+) (\d{1,3})(?: (\d{1,3}))?$/.exec(line) ?? [];
  const name = hookNames.find((known) => known === given);
  return name ? [{ hook: { name, index: Number(index) }, exitCode: Number(code ?? 0) }] : [];
};

/** Milliseconds of `done 1764108000.123456789`; not every `date` knows fractions. */
const timeOf = (line: string): number | undefined => {
  const [, seconds, fraction = "0"] = /^done (\d{1,11})(?:\.(\d{3})\d*)?/.exec(line) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000 + Number(fraction);
};
