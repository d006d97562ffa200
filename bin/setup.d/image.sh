# The default image.
# shellcheck shell=sh disable=SC2154 # read by bin/setup, which sets the names and has say, must and the like

image=localhost/stromboli-agent:latest
hash_label=stromboli.containerfile

default_image() {
  hash=$(sha256sum "$root/Containerfile" | cut -c1-16)
  tarball=$state/images/$hash.tar
  label_now=$(podman image inspect --format "{{index .Labels \"$hash_label\"}} {{.Id}}" "$image" 2>/dev/null || true)
  [ "${label_now% *}" != "$hash" ] || [ -n "$force" ] || return 0
  mkdir -p "$state/images"
  rm -f "$state/images"/*.part* # of a set-up that was killed
  [ -z "$force" ] || rm -f "$tarball"
  if ! load_image; then
    build_image || bootstrap_image
    save_image
  fi
  # For a user the first container takes seconds more, as Podman then copies the layers with the ids shifted (keep-id).
  [ "$uid" = 0 ] || set -- --userns keep-id
  must "Try: $self --force" podman run --rm --network none "$@" $image true
  [ -z "$label_now" ] || logged podman rmi "${label_now#* }" || true # fails while a container still uses it: fine
}

load_image() {
  [ -f "$tarball" ] || return 1
  say "loading the default image from the cache"
  logged podman load -i "$tarball" || { rm -f "$tarball"; return 1; }
}

save_image() {
  mkdir -p "$state/images"
  must "Is the disk full?" podman save -o "$tarball.part$$" $image
  for old in "$state/images"/*.tar; do rm -f "$old"; done
  mv "$tarball.part$$" "$tarball"
}

build_image() {
  suite=$(sed -n 's/^ARG SUITE=//p' "$root/Containerfile")
  base=$(sed -n "s/^FROM //p" "$root/Containerfile" | sed "s/\${SUITE}/$suite/")
  logged timeout 20 podman manifest inspect "$base" || return 1
  say "building the default image from $base"
  logged podman build --label "$hash_label=$hash" --tag $image --file "$root/Containerfile" "$state/images"
}

# The same image where no registry can be reached; mmdebstrap needs no root. On Debian: its own release and mirrors.
bootstrap_image() {
  has mmdebstrap || install_packages "mmdebstrap debian-archive-keyring" "mmdebstrap debian-keyring"
  rootfs=$state/images/rootfs.part$$ mirrors=$state/images/mirrors.part$$
  : >"$mirrors"
  if grep -q '^ID=debian' /etc/os-release; then
    suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format 'deb $(REPO_URI) $(CODENAME) main' 'Created-By: Packages' 'Origin: Debian' \
      'Component: main' | grep -E " $suite(-updates|-security)? " | sort -u >"$mirrors" || true
    eval "$(apt-config shell proxy Acquire::http::Proxy)"
    [ -z "${proxy:-}" ] || export http_proxy="$proxy"
  fi
  say "no registry in reach: making the default image of Debian $suite packages (about a minute)"
  set -- --format=tar --variant=minbase --aptopt='APT::Install-Recommends "false"' \
    --include="$(sed -n 's/^ARG PACKAGES="\(.*\)"/\1/p' "$root/Containerfile" | tr ' ' ,)"
  for path in doc info locale lintian man; do set -- "$@" --dpkgopt="path-exclude=/usr/share/$path/*"; done
  set -- "$@" --dpkgopt='path-include=/usr/share/doc/*/copyright' "$suite" "$rootfs"
  [ ! -s "$mirrors" ] || set -- "$@" "$mirrors" # else deb.debian.org
  # not in our own folder: the user namespace cannot enter a 0700 one; not in /tmp: it may be small
  must "Can the Debian mirror be reached?" env TMPDIR=/var/tmp mmdebstrap "$@"
  set --
  while read -r line; do set -- "$@" --change "$line"; done <<END
$(grep -E '^(ENV|LABEL|CMD) ' "$root/Containerfile")
LABEL $hash_label=$hash
END
  must "Is the disk full?" podman import "$@" "$rootfs" $image
  rm -f "$rootfs" "$mirrors"
}
