# Sourced by the scripts beside it: what they share. Needs bash.

# Where tools are kept that a machine lacks; outside the project, so that a clean clone finds them again.
connector_cache="${XDG_CACHE_HOME:-${HOME:-/var/tmp}/.cache}/enmeshed-connector"

say() { printf '\n==> %s\n' "$*"; }
fail() { printf '\nerror: %s\n' "$*" >&2; exit 1; }

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo -n "$@"
  else fail "installing $* needs root or sudo: install it yourself and run this again"; fi
}

# debian_package COMMAND PACKAGE... : installs the packages unless the command is there.
debian_package() {
  local command=$1
  shift
  command -v "$command" >/dev/null && return
  command -v apt-get >/dev/null || fail "$command is missing: install it and run this again"
  say "Installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# cargo_tool NAME : installs a cargo subcommand unless it is there. Its build stays out of ours.
cargo_tool() {
  if ! cargo "$1" --version >/dev/null 2>&1; then
    say "Installing cargo-$1"
    CARGO_TARGET_DIR="$connector_cache/tools" cargo install --locked --quiet "cargo-$1"
  fi
}

# cargo_program COMMAND CRATE : installs a program from a crate unless it is there.
cargo_program() {
  command -v "$1" >/dev/null && return
  say "Installing $1"
  CARGO_TARGET_DIR="$connector_cache/tools" cargo install --locked --quiet "$2"
}

node_is_recent() {
  command -v node >/dev/null && [ "$(node -p 'Number(process.versions.node.split(".")[0]) >= 20')" = true ]
}

# Node 20 or newer. Distributions ship older ones; then the registry's own package of the program is used.
need_node() {
  PATH="$connector_cache/node/node_modules/.bin:$PATH"
  node_is_recent && command -v npm >/dev/null && return
  debian_package npm nodejs npm
  if ! node_is_recent; then
    say "Installing Node 22"
    mkdir -p "$connector_cache/node"
    npm install --silent --no-audit --no-fund --prefix "$connector_cache/node" node@22 >/dev/null
    hash -r
  fi
  node_is_recent || fail "Node 20 or newer is needed, but node says $(node --version)"
}
