# shellcheck shell=bash
# ./dev cluster: the six services and their real servers as processes on this machine. tools/cluster does the work; this
# builds it and passes on where things are. Sourced by ./dev.

readonly XT_SERVICES=(gateway sequencer matching persistence market-data notifier)

dev_cluster() {
  local action=${1:-help} data=$XT_ROOT/.xtrader/cluster previous='' arg arguments=() targets=(xt-cluster)
  (($# == 0)) || shift
  case $action in
    up) targets+=(xt-bootstrap xt-order "${XT_SERVICES[@]/#/xtrader-}") ;;
    status | logs | stop | start | down) ;;
    *) die "usage: ./dev cluster up [--replicas NAME=N,...] [--durability MODE] [--profile P] [--port N] [--ready-file F] | status [--json] | logs [NAME] [-f] | stop NAME | start NAME | down, each with [--data DIR]" ;;
  esac
  for arg in "$@"; do
    if [[ $previous == --data ]]; then
      data=$arg
    elif [[ $arg == --data=* ]]; then
      data=${arg#*=}
    elif [[ $arg != --data ]]; then
      arguments+=("$arg")
    fi
    previous=$arg
  done
  ensure_packages
  if [[ $action == up ]]; then
    ensure_servers
    [[ " ${arguments[*]} " =~ " --profile"[\ =]"redis " ]] || ensure_kafka || die "Kafka's jars cannot be fetched"
    arguments+=(--binaries "$XT_ROOT/build/dev/bin")
    XTRADER_KAFKA_HOME=$(kafka_home)
    export XTRADER_KAFKA_HOME
  fi
  build_targets dev "${targets[@]}"
  exec "$XT_ROOT/build/dev/bin/xt-cluster" "$action" --data "$data" "${arguments[@]}"
}
