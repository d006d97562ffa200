import type { Placement } from "../../lib/policy/container.ts";

/** A run as it is placed when nothing about it is special. */
export const placement: Placement = {
  jobId: "run-1",
  stack: "stromboli-label-session-1",
  container: "stromboli-run-1",
  imageId: "sha256:abc",
  imagePath: "/usr/bin:/bin",
  binary: "/cli/claude",
  conversation: { kind: "new", id: "session-1" },
  credential: "api_key",
  folders: { home: "/s/home", workspace: "/s/workspace", broker: "/j/broker", envFile: "/j/env", ociHooks: "/j/hooks" },
  handOver: false,
  tcpPort: undefined,
  handle: "stromboli-handle",
  trace: undefined,
};
