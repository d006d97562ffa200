import { readFileSync } from "node:fs";

const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
  version: string;
  dependencies: Record<string, string>;
}; // our own package.json

export const version = manifest.version;
/** The CLI is pinned exactly, so what is asked for is what is installed. */
export const cliVersion = manifest.dependencies["@anthropic-ai/claude-code"] ?? "unknown";
