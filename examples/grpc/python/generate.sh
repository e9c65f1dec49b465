#!/usr/bin/env bash
# Makes the Python modules of the contracts: generate.sh FOLDER. Needs protobuf-compiler and protobuf-compiler-grpc.
set -euo pipefail
protos=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../../../protos
mkdir -p "$1"
protoc -I "$protos" --python_out="$1" --grpc_python_out="$1" \
  --plugin=protoc-gen-grpc_python="$(command -v grpc_python_plugin)" "$protos"/xtrader/v1/*.proto
