import type { HookList, Hooks } from "./plan.ts";

/** Beside the broker's socket. */
export const hookScriptName = "hooks.sh";

/**
 * What the container runs before its agent, for any POSIX shell: `sh SCRIPT AGENT…`. Part of the container, so that
 * hooks go on when the daemon dies. Descriptor 3 takes what hooks print, and who began and ended, as lines of JSON; 4
 * takes the same in short, for the daemon. Neither is open to the agent. That a list has succeeded is written down in
 * HOME, where lies what it has installed: both stay with the session, and are copied to its forks. Pure.
 */
export const hookScript = ({ lists }: Hooks): string => [prelude, ...lists.map(listScript), end].join("\n");

/** A shell that waits for a command in the foreground would not be ended by a signal before that command is. */
const prelude = String.raw`trap 'exit 130' INT
trap 'exit 143' TERM
hook() {
  printf '%s,"state":"started"}\n' "$1" >&3
  printf 'started %s\n' "$2" >&4
  /bin/sh -c -- "$3" </dev/null >&3 2>&3 3>&- 4>&- &
  wait $!
  __stromboli_code=$?
  printf '%s,"state":"ended","exit_code":%s}\n' "$1" "$__stromboli_code" >&3
  printf 'ended %s %s\n' "$2" "$__stromboli_code" >&4
  [ "$__stromboli_code" -eq 0 ] || exit "$__stromboli_code"
}
__stromboli_notes="$HOME/.local/state/stromboli"
is_done() {
  __stromboli_known=
  [ -f "$__stromboli_notes/$1" ] && read -r __stromboli_known <"$__stromboli_notes/$1"
  [ "$__stromboli_known" = "$2" ]
}
`;

const listScript = (list: HookList): string => {
  const { name, once } = list;
  if (once === undefined) return commandLines(list);
  const skipped = quote(`{"type":"stromboli_hook","hook":"${name}","state":"skipped"}`);
  return `if is_done ${name} ${once}; then
printf '%s\\n' ${skipped} >&3
else
rm -f "$__stromboli_notes/${name}" 2>&3
${commandLines(list)}
{ mkdir -p "$__stromboli_notes" && printf '%s\\n' ${once} >"$__stromboli_notes/${name}"; } 2>&3
fi`;
};

const commandLines = ({ name, commands }: HookList): string =>
  commands
    .map((command, index) => {
      const head = JSON.stringify({ type: "stromboli_hook", hook: name, index, command }).slice(0, -1);
      return `hook ${quote(head)} ${quote(`${name} ${index}`)} ${quote(command)}`;
    })
    .join("\n");

const end = `printf 'done %s\\n' "$(date +%s.%N)" >&4
exec 3>&- 4>&-
exec "$@"
`;

/** One word for a shell, whatever is in it. */
const quote = (text: string): string => `'${text.replaceAll("'", String.raw`'\''`)}'`;
