# shellcheck shell=bash
# Java programs that Debian does not have, out of Maven Central: Kafka, as deploy/dev/kafka/pom.xml says, into build/kafka
# or XTRADER_KAFKA_HOME; RabbitMQ's load tool for `./dev bench cluster` into build/perf-test. Sourced by ./dev.

readonly XT_JARS_RETRY_PAUSES_S=(2 5 15)

kafka_home() { printf '%s' "${XTRADER_KAFKA_HOME:-$XT_ROOT/build/kafka}"; }
perf_test_home() { printf '%s' "$XT_ROOT/build/perf-test"; }

ensure_kafka() { ensure_jars "Kafka" deploy/dev/kafka/pom.xml "$(kafka_home)"; }
ensure_perf_test() { ensure_jars "RabbitMQ's PerfTest" deploy/bench/perf-test/pom.xml "$(perf_test_home)"; }

# A folder holds the pom that it was made from; it is made aside and renamed into place, so one that is there is complete.
jars_are_there() { cmp -s "$2/pom.xml" "$XT_ROOT/$1"; }

# ensure_jars WHAT POM FOLDER: silent and without effect when the jars are there; false when they cannot be fetched. One
# fetch at a time per user: Maven's own repository is shared by all checkouts.
ensure_jars() {
  local what=$1 pom=$2 home=$3 lock status=0
  if jars_are_there "$pom" "$home"; then return 0; fi
  mkdir -p "$(dirname "$home")" "$HOME/.m2"
  exec {lock}>"$HOME/.m2/xtrader-jars.lock"
  flock "$lock"
  jars_are_there "$pom" "$home" || fetch_jars "$what" "$pom" "$home" || status=1
  exec {lock}>&-
  return "$status"
}

fetch_jars() {
  local what=$1 pom=$2 home=$3 made pause
  made=$(mktemp -d "$home.XXXXXX")
  say "fetching the jars of $what into $home"
  for pause in 0 "${XT_JARS_RETRY_PAUSES_S[@]}"; do
    sleep "$pause"
    if copy_jars "$pom" "$made"; then
      cp "$XT_ROOT/$pom" "$made/"
      rm -rf -- "$home"
      mv -T "$made" "$home"
      return 0
    fi
    say "Maven failed: $(grep -m 1 ERROR "$made/maven.log" || tail -n 1 "$made/maven.log")"
  done
  rm -rf -- "$made"
  return 1
}

copy_jars() {
  mvn -B -ntp -q -f "$XT_ROOT/$1" dependency:copy-dependencies "-DoutputDirectory=$2/libs" >"$2/maven.log" 2>&1 </dev/null
}
