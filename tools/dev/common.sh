# shellcheck shell=bash
# What every part of ./dev uses. Sourced; expects XT_ROOT. Everything that is not a command's own result goes to stderr,
# so that `./dev bench NAME --json` leaves nothing but JSON on stdout.

readonly XT_PRESETS=(dev release asan tsan)

say() { printf 'dev: %s\n' "$*" >&2; }

die() {
  say "$*"
  exit 1
}

check_preset() {
  local preset
  for preset in "${XT_PRESETS[@]}"; do
    [[ $preset != "$1" ]] || return 0
  done
  die "no preset '$1'; there are: ${XT_PRESETS[*]}"
}

# Becomes the program, with `--data <checkout>/.xtrader` in front unless the arguments choose a folder themselves.
exec_with_data() {
  local program=$1 arg
  shift
  for arg in "$@"; do
    case $arg in --data | --data=*) exec "$program" "$@" ;; esac
  done
  exec "$program" --data "$XT_ROOT/.xtrader" "$@"
}

# The files of the tree that belong to the project: tracked, or new and not ignored. Arguments are git pathspecs.
list_files() {
  local file
  git -C "$XT_ROOT" ls-files -z --cached --others --exclude-standard --deduplicate -- "$@" |
    while IFS= read -r -d '' file; do
      [[ ! -f $XT_ROOT/$file ]] || printf '%s\n' "$file"
    done
}

list_benches() {
  local file
  for file in "$XT_ROOT"/bench/*/CMakeLists.txt; do
    [[ -f $file ]] || continue
    file=$(basename "$(dirname "$file")")
    [[ $file == support ]] || printf '%s\n' "$file"
  done
}
