# shellcheck shell=bash
# Configure when needed, then ninja. Sourced by ./dev.

build_dir() { printf '%s/build/%s' "$XT_ROOT" "$1"; }

# As many jobs as cores, but no more than one per GiB: the heaviest file takes 0.8 GiB to compile.
build_jobs() {
  local cores memory_gib
  cores=$(nproc)
  memory_gib=$(awk '/^MemTotal:/ {print int($2 / 1048576)}' /proc/meminfo 2>/dev/null || echo "$cores")
  ((memory_gib >= 1)) || memory_gib=1
  echo $((cores < memory_gib ? cores : memory_gib))
}

# Ninja reruns CMake when a CMakeLists.txt that it knows of changes; when one came or went, or a preset changed, the folder
# is configured first.
list_of_lists() {
  (cd "$XT_ROOT" && cksum CMakePresets.json &&
    find . -name CMakeLists.txt -not -path './build/*' -not -path './node_modules/*' | LC_ALL=C sort)
}

# In CI the ordinary build, too, takes up to four sources of a target as one (XtTargets.cmake): all is compiled once there.
configure() {
  local preset=$1 dir lists home unity=()
  dir=$(build_dir "$preset")
  lists=$(list_of_lists)
  if [[ -f $dir/CMakeCache.txt ]]; then
    home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$dir/CMakeCache.txt")
    if [[ $home != "$XT_ROOT" ]]; then
      say "build/$preset was made for $home; starting it afresh"
      rm -rf -- "$dir"
    fi
  fi
  if [[ -f $dir/build.ninja && -f $dir/xt-lists && $(<"$dir/xt-lists") == "$lists" ]]; then return 0; fi
  say "configuring build/$preset"
  [[ -z ${CI:-} || $preset != dev ]] || unity=(-DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=4)
  (cd "$XT_ROOT" && cmake --preset "$preset" "${unity[@]}" >"$XT_ROOT/build/.configure-$preset.log" 2>&1) || {
    cat "$XT_ROOT/build/.configure-$preset.log" >&2
    say "cmake --preset $preset failed"
    return 1
  }
  printf '%s\n' "$lists" >"$dir/xt-lists"
}

# Lets CMake run again when a CMakeLists.txt changed, without building anything.
regenerate() {
  local log
  log=$(ninja -C "$(build_dir "$1")" build.ninja 2>&1) || {
    printf '%s\n' "$log" >&2
    return 1
  }
}

has_target() { grep -q "^build $2: phony" "$(build_dir "$1")/build.ninja"; }

# ccache's key has no absolute path, but the precompiled header's content (pch_defines, time_macros: what ccache asks for
# to do so), and that differs between two copies of the tree: what uses it, each copy compiles for itself once.
# build_targets PRESET TARGET...: progress and errors on stderr; false when it does not build. One build at a time per
# preset: two terminals may start at the same moment.
build_targets() {
  local preset=$1 target status=0 lock quiet=()
  shift
  [[ -z ${CI:-} ]] || quiet=(--quiet)
  mkdir -p "$XT_ROOT/build"
  exec {lock}>"$XT_ROOT/build/.lock-$preset"
  flock "$lock"
  if configure "$preset"; then
    (cd "$(build_dir "$preset")" &&
      CCACHE_BASEDIR=$XT_ROOT CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=pch_defines,time_macros \
      NINJA_STATUS=${NINJA_STATUS:-'[%f/%t %es] '} ninja "${quiet[@]}" -j "$(build_jobs)" "$@" >&2) || status=$?
  else
    exec {lock}>&-
    return 1
  fi
  exec {lock}>&-
  ((status)) || return 0
  for target in "$@"; do
    has_target "$preset" "$target" || say "there is no target '$target' in this tree"
  done
  say "the build failed (preset $preset: $*)"
  return 1
}
