# What the tests need: a registry, a database, and the user of the rootless ones.
# shellcheck shell=sh disable=SC2154 # read by bin/setup, which sets the names and has say, must and the like

test_user=stromboli-test

# Out of their packages and not installed: that would start services. Without them the tests that need them are skipped.
test_servers() {
  if [ ! -x "$state/docker-registry" ]; then
    if unpack docker-registry; then
      mv "$state/unpacked/usr/bin/docker-registry" "$state/docker-registry"
    else
      say "no docker-registry here: the tests of pulls are skipped"
    fi
  fi
  if [ ! -f "$state/redis.tar" ]; then
    if unpack redis-server redis-tools libjemalloc2 liblzf1 libatomic1; then
      must "See tar's message above." tar -cf "$state/redis.tar" -C "$state/unpacked/usr" bin lib
    else
      say "no redis-server here: the tests of compose files are skipped"
    fi
  fi
  if [ ! -f "$state/musl.tar" ]; then
    if unpack musl busybox-static; then
      must "See tar's message above." tar -cf "$state/musl.tar" -C "$state/unpacked" lib bin
    else
      say "no musl here: the test of an image on musl is skipped"
    fi
  fi
  rm -rf "$state/unpacked"
}

# Installed, as it needs some dozens of libraries. The page works in other browsers as well.
test_browser() {
  has chromium || has chromium-browser || install_packages chromium chromium
}

unpack() { # PACKAGES
  has apt-get && say "fetching $1 for the tests" && logged fetch_packages "$@"
}

fetch_packages() (
  rm -rf "$state/unpacked" && mkdir -p "$state/unpacked/packages" && cd "$state/unpacked/packages" || exit
  apt-get download "$@" && for package in *.deb; do dpkg-deb -x "$package" .. || exit; done
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
  [ ! -f "$state/redis.tar" ] || give "$state/redis.tar" "$home/.local/state/stromboli/redis.tar"
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
