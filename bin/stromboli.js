#!/usr/bin/env node
import module from "node:module"; // default import: a named one would fail on Node 20 before the guard runs
import { homedir } from "node:os";
import { join } from "node:path";

const major = Number.parseInt(process.versions.node, 10);
if (major < 24) {
  console.error(`stromboli needs Node 24 or newer; this is ${process.version}`);
  process.exit(69);
}

// What lies there is run: Node's usual folder below /tmp belongs to whoever was first to make it.
module.enableCompileCache(join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "stromboli"));
// Node strips types itself, except below node_modules (an installed package): there tsx does it.
if (import.meta.url.includes("/node_modules/")) (await import("tsx/esm/api")).register();
await import("./cli.ts");
