# What the tests need: a registry, and the user of the rootless ones.
# shellcheck shell=sh disable=SC2154 # read by bin/setup, which sets the names and has say, must and the like

test_user=stromboli-test

# Out of its package and not installed: that would start a service. Without it the tests of pulls are skipped.
test_registry() {
  [ ! -x "$state/docker-registry" ] || return 0
  if has apt-get && say "fetching a registry for the tests (docker-registry)" && logged fetch_registry; then
    mv "$state/registry.part/usr/bin/docker-registry" "$state/docker-registry"
  else
    say "no docker-registry here: the tests of pulls are skipped"
  fi
  rm -rf "$state/registry.part"
}

fetch_registry() (
  rm -rf "$state/registry.part" && mkdir -p "$state/registry.part" && cd "$state/registry.part" || exit
  apt-get download docker-registry && dpkg-deb -x docker-registry_*.deb .
)

# The e2e tests run a second time as a user without rights. Nothing of root's environment or folders is shared.
rootless_tests() {
  if ! id $test_user >/dev/null 2>&1; then
    say "making the user $test_user for the rootless tests"
    must "See useradd's message above." useradd --create-home --shell /bin/sh $test_user
  fi
  # shellcheck disable=SC2046 # words of a command
  grep -q "^$test_user:" /etc/subuid || must "See usermod's message above." $(add_ids $test_user)
  for device in /dev/net/tun /dev/fuse; do
    if [ -c $device ] && [ "$(stat -c %a $device)" != 666 ]; then
      say "making $device usable for all, as rootless Podman needs it"
      chmod 0666 $device
    fi
  done
  home=$(getent passwd $test_user | cut -d: -f6) copy=$home/.cache/stromboli-setup
  images=$home/.local/state/stromboli/images
  as_test_user mkdir -p "$copy/bin/setup.d" "$images"
  for file in bin/setup bin/setup.d/account.sh bin/setup.d/trial.sh bin/setup.d/image.sh bin/setup.d/musl.sh \
    bin/setup.d/tests.sh; do
    give "$root/$file" "$copy/$file"
  done
  give "$root/Containerfile" "$copy/Containerfile"
  if [ ! -f "$images/$hash.tar" ]; then
    [ -f "$tarball" ] || save_image
    give "$tarball" "$images/$hash.tar"
  fi
  if [ -x "$state/docker-registry" ]; then
    give "$state/docker-registry" "$home/.local/state/stromboli/docker-registry"
    as_test_user chmod 0755 "$home/.local/state/stromboli/docker-registry"
  fi
  as_test_user sh "$copy/bin/setup" ${force:+--force}
}

give() { # FILE PATH: written by the user itself, so that no link of its can mislead root
  cmp -s "$1" "$2" || { as_test_user tee "$2.part" <"$1" >/dev/null && as_test_user mv "$2.part" "$2"; }
}

as_test_user() {
  id=$(id -u $test_user) || die "no user $test_user yet; type: bin/setup --tests" 2
  install -d -m 0700 -o $test_user -g "$(id -g $test_user)" /run/$test_user # gone with a reboot
  setpriv --reuid "$id" --regid "$(id -g $test_user)" --init-groups \
    env -i HOME="$(getent passwd $test_user | cut -d: -f6)" USER=$test_user LOGNAME=$test_user LANG=C.UTF-8 \
    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin XDG_RUNTIME_DIR=/run/$test_user "$@"
}
