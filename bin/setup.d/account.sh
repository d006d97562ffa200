# What rootless Podman needs of the user's account.
# shellcheck shell=sh disable=SC2154 # read by bin/setup, which sets the names and has say, must and the like

rootless_account() {
  user=$(id -un)
  if ! grep -q -e "^$user:" -e "^$uid:" /etc/subuid || ! grep -q -e "^$user:" -e "^$uid:" /etc/subgid; then
    [ -n "$(getsubids "$user" 2>/dev/null)" ] || die "$user has no subordinate ids; type: sudo $(add_ids "$user")"
  fi
  overlay_storage
  [ -z "${XDG_RUNTIME_DIR:-}" ] || return 0
  # The order in which Podman itself looks, so that a `podman ps` typed by hand sees the same containers.
  export XDG_RUNTIME_DIR="/run/user/$uid"
  ! is_private "$XDG_RUNTIME_DIR" || return 0
  XDG_RUNTIME_DIR=/tmp/podman-run-$uid
  mkdir -m 0700 "$XDG_RUNTIME_DIR" 2>/dev/null || is_private "$XDG_RUNTIME_DIR" ||
    die "$XDG_RUNTIME_DIR is not a private folder of $user: remove it or set XDG_RUNTIME_DIR"
}

is_private() { [ "$(stat -c '%u %a %F' "$1" 2>/dev/null)" = "$uid 700 directory" ]; }

# Left alone, Podman before 4.6 on Debian copies the whole image for each container (vfs, podman#18968). The choice is
# for good once Podman has run, so only a user who never ran it gets one, in a file that does not exist yet.
overlay_storage() {
  own=${XDG_CONFIG_HOME:-$HOME/.config}/containers/storage.conf
  for file in "${XDG_DATA_HOME:-$HOME/.local/share}/containers/storage" "$own" /etc/containers/storage.conf \
    /usr/share/containers/storage.conf; do [ ! -e "$file" ] || return 0; done
  [ -z "${CONTAINERS_STORAGE_CONF:-}${STORAGE_DRIVER:-}" ] || return 0
  case $(podman --version) in *" "4.[0-5].*) ;; *) return 0 ;; esac
  say "letting Podman use overlay storage for $user ($own)"
  mkdir -p "${own%/*}"
  printf '[storage]\ndriver = "overlay"\n' >"$own"
}

add_ids() { # the first range after all others: two users with the same ids could reach each other's files
  first=$(cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: '$2+$3 > m { m = $2+$3 } END { print m<100000?100000:m }')
  echo "usermod --add-subuids $first-$((first + 65535)) --add-subgids $first-$((first + 65535)) $1"
}
