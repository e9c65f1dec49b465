# shellcheck shell=bash
# ./dev test: builds what the chosen tests need, runs them with ctest, counts the cases. Sourced by ./dev.

readonly XT_GROUPS=(unit contract integration scenarios simulation e2e chaos nightly layering fuzz)
readonly XT_FUZZERS=(commands snapshot)
readonly -A XT_FUZZ_BYTES=([commands]=3000 [snapshot]=16384)

check_group() {
  local group
  for group in "${XT_GROUPS[@]}"; do
    [[ $group != "$1" ]] || return 0
  done
  die "no test group '$1'; there are: ${XT_GROUPS[*]}"
}

dev_test() {
  local preset=dev label='' groups=() nightly='' no_run='' fuzz_seconds=${XT_FUZZ_SECONDS:-60}
  while (($#)); do
    case $1 in
      --preset) preset=${2:?--preset needs a value}; shift 2 ;;
      --preset=*) preset=${1#*=}; shift ;;
      --label) label=${2:?--label needs a value}; shift 2 ;;
      --label=*) label=${1#*=}; shift ;;
      --no-run) no_run=1; shift ;;
      --nightly) nightly=1 fuzz_seconds=${XT_FUZZ_SECONDS:-600}; shift ;;
      -*) die "test: unknown option $1" ;;
      *) check_group "$1"; groups+=("$1"); shift ;;
    esac
  done
  check_preset "$preset"
  [[ $label =~ ^(|core|threaded)$ ]] || die "no label '$label'; there are: core threaded"
  ensure_packages
  ensure_servers
  [[ -z $nightly || ${groups[*]} =~ ^(fuzz|simulation)$ ]] ||
    die "--nightly is for the groups fuzz and simulation; the other long tests are the group nightly"
  if [[ -n $nightly ]]; then export XT_SIM_SEEDS=${XT_SIM_SEEDS:-50000}; fi
  if [[ " ${groups[*]} " == *' fuzz '* ]]; then
    [[ -z $no_run ]] || die "--no-run is not for the group fuzz"
    ((${#groups[@]} == 1)) || die "the group fuzz runs alone: it has a build of its own"
    run_fuzzers "$fuzz_seconds"
    return
  fi

  # Fetched while the compiler is at work. Without them the tests on Kafka fail, each with its reason.
  local jars=''
  if needs_servers "${groups[@]}"; then
    ensure_kafka &
    jars=$!
  fi

  local select=()
  ((${#groups[@]} == 0)) || select+=(-L "^($(IFS='|' && printf '%s' "${groups[*]}"))\$")
  [[ -z $label ]] || select+=(-L "^$label\$")
  [[ " ${groups[*]} " == *' nightly '* ]] || select+=(-LE '^nightly$')

  local built=''
  build_tests "$preset" "${select[@]}" && built=1
  [[ -z $jars ]] || wait "$jars" || say "Kafka's jars could not be fetched"
  if [[ -n $no_run ]]; then
    [[ -n $built ]]
    return
  fi
  if [[ -z $built ]]; then
    echo "0 passed, 1 failed"
    return 1
  fi
  run_tests "$preset" "${select[@]}"
}

# Whether tests of these groups, of all when there are none, start real servers.
needs_servers() { (($# == 0)) || [[ " $* " =~ \ (contract|integration|e2e|chaos|nightly)\  ]]; }

# A whole run builds everything, benchmarks included, so that nothing rots. A chosen part builds its own targets only.
build_tests() {
  local preset=$1 dir listing name targets=()
  shift
  if [[ $# == 2 && $1 == -LE ]]; then
    build_targets "$preset" all
    return
  fi
  mkdir -p "$XT_ROOT/build"
  configure "$preset" || return 1
  dir=$(build_dir "$preset")
  regenerate "$preset" || return 1
  listing=$(list_tests "$dir" "$@") || return 1
  while IFS= read -r name; do
    if has_target "$preset" "$name"; then
      targets+=("$name")
    elif [[ -n $name ]]; then
      say "the test $name has no target of its name; building everything"
      targets=(all)
      break
    fi
  done < <(python3 "$XT_ROOT/tools/dev/ctest_report.py" names <(printf '%s' "$listing"))
  ((${#targets[@]} == 0)) || build_targets "$preset" "${targets[@]}"
}

list_tests() { ctest --test-dir "$1" "${@:2}" --show-only=json-v1; }

run_tests() {
  local preset=$1 dir results tmp status=0 runner=()
  shift
  dir=$(build_dir "$preset")
  results=$dir/test-results
  rm -rf -- "$results"
  mkdir -p "$results"
  tmp=$(mktemp -d "${TMPDIR:-/tmp}/xtrader-test.XXXXXX")
  list_tests "$dir" "$@" >"$results/listing.json"

  # GCC 12's ThreadSanitizer cannot place its shadow memory when the kernel randomises addresses widely.
  if [[ $preset == tsan ]] && setarch -R true 2>/dev/null; then runner=(setarch -R); fi
  "${runner[@]}" env \
    GTEST_OUTPUT="xml:$results/" GTEST_COLOR=no GTEST_BRIEF=1 TEST_TMPDIR="$tmp" \
    ASAN_OPTIONS="${ASAN_OPTIONS:-detect_stack_use_after_return=1:strict_string_checks=1}" \
    LSAN_OPTIONS="${LSAN_OPTIONS:-suppressions=$XT_ROOT/tools/dev/lsan.supp:print_suppressions=0}" \
    UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1:halt_on_error=1}" \
    TSAN_OPTIONS="${TSAN_OPTIONS:-second_deadlock_stack=1:suppressions=$XT_ROOT/tools/dev/tsan.supp}" \
    ctest --test-dir "$dir" "$@" -j2 --output-on-failure --output-junit "$results/junit.xml" </dev/null || true
  rm -rf -- "$tmp"
  python3 "$XT_ROOT/tools/dev/ctest_report.py" count "$results/listing.json" "$results/junit.xml" "$results" || status=$?
  return "$status"
}

# Each fuzzer for so many seconds, two at a time, from the corpus of the tree and what earlier runs added to it. An input
# that fails is left in build/fuzz/found; tests/fuzz/README.md says what to do with it.
run_fuzzers() {
  local seconds=$1 dir name log passed=0 failed=0 pids=()
  [[ $seconds =~ ^[1-9][0-9]*$ ]] || die "XT_FUZZ_SECONDS must be a number of seconds, not '$seconds'"
  dir=$(build_dir fuzz)
  if ! build_targets fuzz "${XT_FUZZERS[@]/#/fuzz_}"; then
    echo "0 passed, ${#XT_FUZZERS[@]} failed"
    return 1
  fi
  for name in "${XT_FUZZERS[@]}"; do
    mkdir -p "$dir/corpus/$name" "$dir/found"
    say "fuzz_$name for $seconds s"
    "$dir/bin/fuzz_$name" "$dir/corpus/$name" "$XT_ROOT/tests/fuzz/corpus/$name" -max_total_time="$seconds" \
      -max_len="${XT_FUZZ_BYTES[$name]}" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 -artifact_prefix="$dir/found/$name-" \
      >"$dir/fuzz_$name.log" 2>&1 </dev/null &
    pids+=($!)
  done
  for name in "${XT_FUZZERS[@]}"; do
    log=$dir/fuzz_$name.log
    if wait "${pids[0]}"; then
      printf 'fuzz_%s: %s inputs\n' "$name" "$(sed -n 's/^stat::number_of_executed_units: //p' "$log")"
      passed=$((passed + 1))
    else
      tail -n 60 "$log"
      echo "FAILED fuzz_$name"
      failed=$((failed + 1))
    fi
    pids=("${pids[@]:1}")
  done
  echo "$passed passed, $failed failed"
  ((failed == 0))
}
