# shellcheck shell=bash
# Kafka's jars, which Debian does not have: fetched from Maven Central as deploy/dev/kafka/pom.xml says, into build/kafka
# or XTRADER_KAFKA_HOME. Sourced by ./dev.

readonly XT_KAFKA_RETRY_PAUSES_S=(2 5 15)

kafka_home() { printf '%s' "${XTRADER_KAFKA_HOME:-$XT_ROOT/build/kafka}"; }

# A folder holds the pom that it was made from; it is made aside and renamed into place, so one that is there is complete.
kafka_is_there() { cmp -s "$1/pom.xml" "$XT_ROOT/deploy/dev/kafka/pom.xml"; }

# ensure_kafka: silent and without effect when the jars are there; false when they cannot be fetched. One fetch at a time
# per user: Maven's own repository is shared by all checkouts.
ensure_kafka() {
  local home lock status=0
  home=$(kafka_home)
  if kafka_is_there "$home"; then return 0; fi
  mkdir -p "$(dirname "$home")" "$HOME/.m2"
  exec {lock}>"$HOME/.m2/xtrader-kafka.lock"
  flock "$lock"
  kafka_is_there "$home" || fetch_kafka "$home" || status=1
  exec {lock}>&-
  return "$status"
}

fetch_kafka() {
  local home=$1 made pause
  made=$(mktemp -d "$home.XXXXXX")
  say "fetching Kafka's jars into $home"
  for pause in 0 "${XT_KAFKA_RETRY_PAUSES_S[@]}"; do
    sleep "$pause"
    if copy_kafka_jars "$made"; then
      cp "$XT_ROOT/deploy/dev/kafka/pom.xml" "$made/"
      rm -rf -- "$home"
      mv -T "$made" "$home"
      return 0
    fi
    say "Maven failed: $(grep -m 1 ERROR "$made/maven.log" || tail -n 1 "$made/maven.log")"
  done
  rm -rf -- "$made"
  return 1
}

copy_kafka_jars() {
  mvn -B -ntp -q -f "$XT_ROOT/deploy/dev/kafka/pom.xml" dependency:copy-dependencies "-DoutputDirectory=$1/libs" \
    >"$1/maven.log" 2>&1 </dev/null
}
