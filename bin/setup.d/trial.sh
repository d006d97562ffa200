# Podman's settings, found by trial.
# shellcheck shell=sh disable=SC2154 # read by bin/setup, which sets the names and has say, must and the like

# Finds by trial what this machine needs, with the flags of a real run. Podman >= 4.6 can lay our file over the others
# (CONTAINERS_CONF_OVERRIDE); before, it is read instead of them (CONTAINERS_CONF). The daemon does as use_conf does.
trial_container() {
  conf=${XDG_CONFIG_HOME:-$HOME/.config}/stromboli
  replacing=$conf/containers.conf overriding=$conf/containers-override.conf
  case ${CONTAINERS_CONF:-}${CONTAINERS_CONF_OVERRIDE:-} in
    "" | "$replacing" | "$overriding") use_conf ;;
    *) replacing="" ;;
  esac
  [ -n "$force" ] || [ "$(cat "$state/trial" 2>/dev/null)" != "$(trial_key)" ] || return 0
  version=$(podman --version) version=${version##* }
  say "trying a container with Podman $version"
  [ "${version%%.*}" -ge 4 ] || die "Podman $version is too old: 4.0 or newer is needed"
  try_defaults || try_candidates || without_limits || {
    tail -n 20 "$log" >&2
    die "Podman cannot run a container here (see above; all of it: $log). Mend that, then: $self --force"
  }
  discard_trial
  trial_key >"$state/trial"
}

trial_key() { # what the verdict depends upon
  stat -Lc '%n %Y %s' "$(command -v podman)"
  printf '%s\n' "${CONTAINERS_CONF:-}" "${CONTAINERS_CONF_OVERRIDE:-}"
}

use_conf() {
  unset CONTAINERS_CONF CONTAINERS_CONF_OVERRIDE
  [ ! -f "$replacing" ] || export CONTAINERS_CONF="$replacing"
  [ ! -f "$overriding" ] || export CONTAINERS_CONF_OVERRIDE="$overriding"
}

try_defaults() {
  [ -n "$replacing" ] || { try; return; }
  unset CONTAINERS_CONF CONTAINERS_CONF_OVERRIDE
  try || return 1
  rm -f "$replacing" "$overriding"
}

try_candidates() {
  [ -n "$replacing" ] || return 1
  has runc || install_packages runc runc
  variable=CONTAINERS_CONF_OVERRIDE file=$overriding stale=$replacing minor=${version#*.}
  if [ "${version%%.*}" = 4 ] && [ "${minor%%.*}" -lt 6 ]; then
    variable=CONTAINERS_CONF file=$replacing stale=$overriding
  fi
  runtime='[engine]\nruntime = "runc"\n'
  # Podman asks for more than this process may hand on
  limits=$(awk '/^Max (open files|processes)/ { n = $(NF-1) + 0; if (!n || n > 16384) n = 16384
    printf "%s\"%s=%d:%d\"", sep, /files/ ? "nofile" : "nproc", n, n; sep = ", " }' /proc/self/limits)
  limits="[containers]\\ndefault_ulimits = [$limits]\\n"
  for candidate in "$limits" "$runtime" "$limits$runtime"; do
    printf "# Made by Stromboli's bin/setup; remade by bin/setup --force\n%b" "$candidate" >"$state/trial.conf"
    export "$variable=$state/trial.conf"
    try || continue
    mkdir -p -m 0700 "$conf"
    mv "$state/trial.conf" "$file"
    rm -f "$stale"
    use_conf
    say "Podman's defaults fail here; wrote $file: $(sed '1d; /^\[/d' "$file" | paste -sd';' -)"
    return
  done
  use_conf
  return 1
}

try() { # [PODMAN-FLAG…]: with catatonit, which is static: a whole system in one file, without an SELinux label for it
  mkdir -p "$state/trial-root"
  cp "$(catatonit)" "$state/trial-root/catatonit"
  [ "$uid" = 0 ] || set -- --userns keep-id "$@"
  [ -n "${unlimited:-}" ] || set -- --memory 64m --memory-swap 64m --cpus 0.5 --pids-limit 64 "$@"
  logged podman run --rm --init --network none --user 1000:1000 --cap-drop all --security-opt no-new-privileges \
    --security-opt label=disable --read-only "$@" --rootfs "$state/trial-root" /catatonit --version
}

discard_trial() { # a user's container made mount points as one of the user's subordinate ids
  if [ "$uid" = 0 ]; then logged rm -rf "$state/trial-root"; else logged podman unshare rm -rf "$state/trial-root"; fi
}

without_limits() {
  unlimited=1
  try_defaults || try_candidates || return 1
  say "warning: limits on memory, CPU and processes fail here (see $log); for a user, systemd can allow them:"
  say "  [Service] Delegate=cpu memory pids   in /etc/systemd/system/user@.service.d/delegate.conf, then log in anew"
}
