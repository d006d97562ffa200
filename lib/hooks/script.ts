import type { HookList, Hooks } from "./plan.ts";

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
  /bin/sh -c "$3" </dev/null >&3 2>&3 3>&- 4>&- &
  wait $!
  code=$?
  printf '%s,"state":"ended","exit_code":%s}\n' "$1" "$code" >&3
  printf 'ended %s %s\n' "$2" "$code" >&4
  [ "$code" -eq 0 ] || exit "$code"
}
notes="$HOME/.local/state/stromboli"
is_done() {
  known=
  [ -f "$notes/$1" ] && read -r known <"$notes/$1"
  [ "$known" = "$2" ]
}
`;

const listScript = (list: HookList): string => {
  const { name, once } = list;
  if (once === undefined) return commandLines(list);
  const skipped = quote(`{"type":"stromboli_hook","hook":"${name}","state":"skipped"}`);
  return `if is_done ${name} ${once}; then
printf '%s\\n' ${skipped} >&3
else
${commandLines(list)}
{ mkdir -p "$notes" && printf '%s\\n' ${once} >"$notes/${name}"; } 2>&3
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
