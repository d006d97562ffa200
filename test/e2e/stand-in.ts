import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import type { RunRequest } from "../../lib/schema/run.ts";
import type { Owner } from "./harness.ts";

/**
 * A CLI for `claude.binary` that runs its prompt as a shell script: for tests of what Stromboli makes of an output, a
 * signal or an exit code, whoever caused it, and of what a container is like. It costs half the CPU of the real one.
 * `answer TEXT` gives the result, `tell` gives its input as the result, `hold` waits for a file `go` in the workdir.
 */
export const makeStandIn = (t: Owner, script = shell): string => {
  const folder = mkdtempSync("/tmp/stromboli-e2e-cli-");
  t.after(async () => rmSync(folder, { recursive: true }));
  const path = join(folder, "claude");
  writeFileSync(path, script);
  chmodSync(folder, 0o755);
  chmodSync(path, 0o755);
  return path;
};

/** A request whose agent, the stand-in, runs a script; the answer is all that the script printed. */
export const scripted = (commands: string, more: Partial<z.input<typeof RunRequest>> = {}) => ({
  prompt: `{ ${commands}\n} 2>&1 | tell`,
  ...more,
});

const shell = `#!/bin/sh
answer() {
  printf '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"%s","session_id":"-"}\\n' "$1"
}
tell() {
  jq -Rsc '{type: "result", subtype: "success", is_error: false, num_turns: 1, result: rtrimstr("\\n"), session_id: "-"}'
}
hold() { touch begun; until [ -e go ]; do sleep 0.1; done; }
eval "$(head -n 1 | jq -r .message.content)"
`;

/** Another one, that says its prompt again, and to `recall` what the session's prompt before was. */
export const echo = `#!/bin/sh
prompt=$(head -n 1 | jq -r .message.content)
answer="echo: $prompt"
if [ "$prompt" = recall ]; then answer=$(cat ~/said); else printf '%s' "$prompt" >~/said; fi
jq -nc --arg text "$answer" '
  {type: "assistant", message: {role: "assistant", content: [{type: "text", text: $text}]}},
  {type: "result", subtype: "success", is_error: false, num_turns: 1, result: $text, session_id: "-"}'
`;

/** One that obeys the commonest lines of the scripted model, as far as guides show what comes of them. */
export const obedient = `#!/bin/sh
[ "$1" != --version ] || { echo 2.0.0; exit; }
input=$(head -n 1)
say() {
  text=$1
  jq -nc --arg text "$text" '{type: "assistant", message: {role: "assistant", content: [{type: "text", text: $text}]}}'
}
obey() {
  done=
  case $1 in
    'say: '*) say "\${1#say: }" ;;
    'use Bash: '*) done=$(sh -c "\${1#use Bash: }" 2>&1) ;;
    recall) say "$(cat ~/said)" ;;
    *) say "echo: $1" ;;
  esac
}
while read -r line; do obey "$line"; done <<END
$(printf %s "$input" | jq -r .message.content)
END
[ -z "$done" ] || say "result: $done"
printf %s "$input" | jq -r .message.content >~/said
jq -nc --arg text "$text" '{type: "result", subtype: "success", is_error: false, num_turns: 1, result: $text,
  session_id: "-", total_cost_usd: 0.01, usage: {input_tokens: 10, output_tokens: 5}}'
`;
