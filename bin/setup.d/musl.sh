# The CLI for images on musl.
# shellcheck shell=sh disable=SC2154 # read by bin/setup, which sets the names and has say, must and the like

# npm leaves out a package for another C library than this machine's, so it is fetched beside node_modules.
musl_cli() {
  version=$(sed -n 's/^ *"@anthropic-ai\/claude-code": "\(.*\)",*$/\1/p' "$root/package.json")
  case $(uname -m) in
    x86_64) package=@anthropic-ai/claude-code-linux-x64-musl@$version ;;
    aarch64) package=@anthropic-ai/claude-code-linux-arm64-musl@$version ;;
    *) die "there is no musl build of the CLI for this machine ($(uname -m))" ;;
  esac
  [ ! -x "$state/claude-musl/$version/claude" ] || return 0
  has npm || install_packages npm nodejs-npm
  say "fetching the CLI for images on musl ($package)"
  must "Try: npm pack $package" fetch_musl
  rm -rf "$state/claude-musl"
  mkdir -p "$state/claude-musl"
  mv "$state/claude-musl.part/package" "$state/claude-musl/$version"
  rm -rf "$state/claude-musl.part"
}

fetch_musl() (
  rm -rf "$state/claude-musl.part" && mkdir -p "$state/claude-musl.part" && cd "$state/claude-musl.part" || exit
  npm pack "$package" && tar -xzf ./*.tgz && chmod 0755 package/claude
)
