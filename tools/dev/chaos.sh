# shellcheck shell=bash
# ./dev chaos: faults into a cluster under load, on this machine. tests/chaos does the work; this builds it and says where
# things are. Sourced by ./dev.

dev_chaos() {
  local arg data
  ensure_packages
  for arg in "$@"; do
    if [[ $arg == --list || $arg == --help || $arg == -h ]]; then
      build_targets dev chaos
      exec "$XT_ROOT/build/dev/bin/chaos" --binaries "$XT_ROOT/build/dev/bin" --data /nonexistent "$arg"
    fi
  done
  ensure_servers
  ensure_kafka || die "Kafka's jars cannot be fetched"
  XTRADER_KAFKA_HOME=$(kafka_home)
  export XTRADER_KAFKA_HOME
  build_targets dev chaos
  mkdir -p "$XT_ROOT/.xtrader"
  data=$(mktemp -d "$XT_ROOT/.xtrader/chaos.XXXXXX")
  exec "$XT_ROOT/build/dev/bin/chaos" --binaries "$XT_ROOT/build/dev/bin" --data "$data" "$@"
}
