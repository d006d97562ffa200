import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Owner } from "./harness.ts";

/**
 * A CLI for `claude.binary` that runs its prompt as a shell script: for tests of what Stromboli makes of an output, a
 * signal or an exit code, whoever caused it. `answer TEXT` gives the result, `hold` waits for a file `go` in the workdir.
 */
export const makeStandIn = (t: Owner): string => {
  const folder = mkdtempSync("/tmp/stromboli-e2e-cli-");
  t.after(async () => rmSync(folder, { recursive: true }));
  const path = join(folder, "claude");
  writeFileSync(path, script);
  chmodSync(folder, 0o755);
  chmodSync(path, 0o755);
  return path;
};

const script = `#!/bin/sh
answer() {
  printf '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"%s","session_id":"-"}\\n' "$1"
}
hold() { touch begun; until [ -e go ]; do sleep 0.1; done; }
eval "$(head -n 1 | jq -r .message.content)"
`;
