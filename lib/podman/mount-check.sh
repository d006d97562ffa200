# The hook of mount-check.ts: sh mount-check.sh CHANGED [DEVICE ROOT TARGET]…, with the runtime's state as JSON on stdin.
# It tells which process is the container's first, and where its bundle is; that tells where the container's root is.
# Whatever goes wrong here, no container is made.
# shellcheck shell=sh

changed=$1
shift
fail() {
  printf '%s\n' "$1" >"$changed"
  exit 1
}

state=$(cat)
pid=${state#*'"pid"'} pid=${pid#*:}
pid=${pid#"${pid%%[0-9]*}"} pid=${pid%%[!0-9]*}
bundle=${state#*'"bundle"'} bundle=${bundle#*:}
bundle=${bundle#*'"'} bundle=${bundle%%'"'*}
config=$(cat "$bundle/config.json") || fail "$3"
root=${config#*'"root":'} root=${root#*'"path":'}
root=${root#*'"'} root=${root%%'"'*}
root=$(cd -P -- "$root" && pwd -P) || fail "$3"
case $root in /?*) ;; *) fail "$3" ;; esac
mounts=$(cat "/proc/$pid/mountinfo") || fail "$3"

while [ $# -gt 0 ]; do
  found=
  while read -r _ _ device place point _; do
    [ "$point" != "$root$3" ] || found="$device $place"
  done <<END
$mounts
END
  [ "$found" = "$1 $2" ] || fail "$3"
  shift 3
done
