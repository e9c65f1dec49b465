# shellcheck shell=bash
# ./dev lint: each step prints its name and `ok`, or what is wrong. Sourced by ./dev.

readonly XT_LINT_STEPS=(format tidy layering buf shell tree)
readonly XT_TIDY_LIMIT_S=600

dev_lint() {
  local step fix=0 steps=() failed=()
  while (($#)); do
    case $1 in
      --fix) fix=1 ;;
      -*) die "lint: unknown option $1" ;;
      *)
        [[ " ${XT_LINT_STEPS[*]} " == *" $1 "* ]] || die "no lint step '$1'; there are: ${XT_LINT_STEPS[*]}"
        steps+=("$1")
        ;;
    esac
    shift
  done
  ((${#steps[@]})) || steps=("${XT_LINT_STEPS[@]}")
  ensure_packages
  mkdir -p "$XT_ROOT/build"
  if ((fix)); then list_cpp | (cd "$XT_ROOT" && xargs -r clang-format -i); fi

  for step in "${steps[@]}"; do
    lint_step "$step" || failed+=("$step")
  done
  ((${#failed[@]} == 0)) || die "lint failed: ${failed[*]}"
  say "lint passed"
}

# Runs one step quietly; what it printed is shown indented, after its verdict.
lint_step() {
  local step=$1 log status=0 start=$SECONDS
  log=$(mktemp)
  "lint_$step" >"$log" 2>&1 || status=1
  printf '%-10s %s (%d s)\n' "$step" "$( ((status)) && echo FAILED || echo ok)" $((SECONDS - start))
  sed 's/^/    /' "$log"
  rm -f -- "$log"
  return "$status"
}

list_cpp() { list_files '*.h' '*.cc'; }

lint_format() {
  list_cpp | (cd "$XT_ROOT" && xargs -r clang-format --dry-run -Werror) 2>&1 |
    sed -n 's/^\([^ ]*:[0-9]*\):[0-9]*: error: code should be.*/\1: not formatted (.\/dev lint --fix does it)/p' | uniq |
    report_any
}

# Shows what comes in, and fails when there is any.
report_any() { ! grep '^'; }

# The cores and the two libraries under them: the code that must be right, and the only part cheap enough to analyse.
# Each file alone, and without the precompiled header, which is g++'s: so one that does not include what it uses is found here.
lint_tidy() {
  local database file files status=0
  { configure tidy && regenerate tidy; } || return 1
  database=$(build_dir tidy)/compile_commands.json
  sed -i -E 's/ -Winvalid-pch -include [^ ]*cmake_pch\.hxx//' "$database"
  mapfile -t files < <(
    list_files 'libs/base/*.cc' 'libs/domain/*.cc' 'services/*/core/*.cc' | grep -v '_test\.cc$' | while IFS= read -r file; do
      ! grep -qF "\"$XT_ROOT/$file\"" "$database" || printf '%s\n' "$file"
    done
  )
  echo "${#files[@]} files"
  ((${#files[@]})) || return 1
  (cd "$XT_ROOT" && printf '%s\n' "${files[@]}" |
    timeout "$XT_TIDY_LIMIT_S" xargs -n 1 -P "$(nproc)" clang-tidy --quiet --extra-arg=-Wno-unknown-warning-option -p "${database%/*}") 2>&1 |
    grep -v ' warnings\? generated\.$' || status=${PIPESTATUS[0]}
  ((status != 124)) || echo "not done after $XT_TIDY_LIMIT_S s"
  return "$status"
}

lint_layering() {
  local log
  log=$(build_targets dev layering_test 2>&1) || {
    printf '%s\n' "$log"
    return 1
  }
  "$(build_dir dev)/bin/layering_test" --gtest_brief=1
}

lint_buf() {
  local arch buf
  if [[ -z $(list_files 'protos/*.proto') ]]; then
    echo "no contracts in protos/ yet"
    return 0
  fi
  ensure_node
  arch=$(uname -m)
  buf=$XT_ROOT/node_modules/@bufbuild/buf-linux-${arch/x86_64/x64}/bin/buf
  if [[ ! -x $buf || $XT_ROOT/package-lock.json -nt $XT_ROOT/node_modules/.package-lock.json ]]; then
    (cd "$XT_ROOT" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error 2>&1 | tail -n 20) || return 1
  fi
  # npm leaves out an optional package that it cannot fetch and calls that a success.
  if [[ ! -x $buf ]]; then
    echo "npm could not fetch buf for $arch; \`npm ci --loglevel=verbose\` says why"
    return 1
  fi
  (cd "$XT_ROOT" && "$buf" lint) || return 1
  lint_breaking "$buf"
}

lint_breaking() {
  local base tree status=0
  base=$(contract_base) || return 1
  if [[ -z $base ]]; then
    echo "breaking: no earlier commit to compare with"
    return 0
  fi
  if [[ -z $(git -C "$XT_ROOT" ls-tree -r --name-only "$base" -- protos | grep '\.proto$' || true) ]]; then
    echo "breaking: no contracts in $(git -C "$XT_ROOT" log -1 --format='%h (%s)' "$base") to compare with"
    return 0
  fi
  echo "breaking: compared with $(git -C "$XT_ROOT" log -1 --format='%h (%s)' "$base")"
  tree=$(mktemp -d)
  git -C "$XT_ROOT" archive "$base" protos | tar -x -C "$tree" || return 1
  cp "$XT_ROOT/buf.yaml" "$tree/"
  (cd "$XT_ROOT" && "$1" breaking --against "$tree") || status=1
  rm -rf -- "$tree"
  return "$status"
}

# The commit whose contracts must still be understood: XT_BREAKING_BASE when set, where this branch left main, or on main
# itself the commit before.
contract_base() {
  local head ref base
  if [[ -n ${XT_BREAKING_BASE:-} ]]; then
    git -C "$XT_ROOT" rev-parse --verify --quiet "$XT_BREAKING_BASE^{commit}" || die "no commit $XT_BREAKING_BASE"
    return
  fi
  head=$(git -C "$XT_ROOT" rev-parse --verify --quiet HEAD) || return 0
  for ref in refs/remotes/origin/main refs/heads/main; do
    base=$(git -C "$XT_ROOT" merge-base "$head" "$ref" 2>/dev/null) || continue
    [[ $base != "$head" ]] || continue
    echo "$base"
    return
  done
  git -C "$XT_ROOT" rev-parse --verify --quiet "$head~1" || true
}

lint_shell() {
  local file scripts=()
  while IFS= read -r file; do
    if [[ $file == *.sh ]] || head -c 64 "$XT_ROOT/$file" | head -n 1 | grep -qaE '^#!.*\b(ba)?sh\b'; then
      scripts+=("$file")
    fi
  done < <(list_files)
  echo "${#scripts[@]} scripts"
  (cd "$XT_ROOT" && shellcheck -x "${scripts[@]}")
}

lint_tree() { list_files | python3 "$XT_ROOT/tools/dev/check_tree.py" "$XT_ROOT"; }
