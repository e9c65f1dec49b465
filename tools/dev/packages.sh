# shellcheck shell=bash
# Installs what is missing of deploy/packages.txt, the one list of Debian packages that everybody needs, and of
# deploy/server-packages.txt, the real servers. Sourced by ./dev.

packages_listed() { sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$XT_ROOT/deploy/$1.txt"; }

# Prints those of the named packages that are not installed.
packages_missing() {
  local installed
  # dpkg-query exits 1 as soon as it does not know one of them.
  installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "$@" | sort -u) <(printf '%s\n' "$installed" | sort -u)
}

install_packages() {
  # RUNLEVEL=1: a server that is installed is not started by the system.
  local apt=(env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get -q -o DPkg::Lock::Timeout=300)
  if (($(id -u) != 0)); then
    command -v sudo >/dev/null ||
      die "Debian packages are missing and there is no sudo; run as root: apt-get install $*"
    apt=(sudo "${apt[@]}")
  fi
  say "installing $# missing Debian packages: $*"
  "${apt[@]}" update >&2 </dev/null || die "apt-get update failed"
  "${apt[@]}" install -y --no-install-recommends "$@" >&2 </dev/null || die "apt-get install failed"
  say "packages installed"
}

# ensure_packages [list]: silent and without effect when everything is there. On other systems than Debian the tools must
# be there already.
ensure_packages() {
  local listed missing
  command -v dpkg-query >/dev/null || return 0
  mapfile -t listed < <(packages_listed "${1:-packages}")
  mapfile -t missing < <(packages_missing "${listed[@]}")
  ((${#missing[@]} == 0)) || install_packages "${missing[@]}"
}

# Node is needed for buf alone, so it is asked for only then, and any Node will do.
ensure_node() {
  if command -v node >/dev/null && command -v npm >/dev/null; then return 0; fi
  command -v apt-get >/dev/null || die "buf needs node and npm"
  install_packages nodejs npm
}

ensure_servers() { ensure_packages server-packages; }
