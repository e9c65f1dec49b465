#!/usr/bin/env python3
"""As an operator: limit prices of a market may be so many basis points (1/10000) away from the last price, 0: any. Its
other limits are taken off:

  XT_OPERATOR_SECRET=... limit_prices.py 127.0.0.1:9090 BTC-KRW 500

PYTHONPATH names the folder that generate.sh made."""

import sys

import grpc

import client
from xtrader.v1 import gateway_service_pb2 as pb
from xtrader.v1 import gateway_service_pb2_grpc
from xtrader.v1 import journal_pb2
from xtrader.v1 import symbol_pb2


def main(address, code, basis_points):
    channel = grpc.insecure_channel(address)
    try:
        listed = gateway_service_pb2_grpc.OrderEntryServiceStub(channel).ListSymbols(
            pb.OrderEntryServiceListSymbolsRequest(), timeout=30)
        ids = {symbol.code: symbol.id for symbol in listed.symbols}
        if code not in ids:
            sys.exit(f"there is no market {code}")
        limits = symbol_pb2.SymbolLimits(price_deviation_bps=basis_points)
        command = journal_pb2.Command(set_symbol_limits=symbol_pb2.SetSymbolLimits(symbol_id=ids[code], limits=limits))
        timestamp_ms = client.now_ms()
        serialized = command.SerializeToString()  # these bytes are signed, and these bytes are sent
        signature = client.sign(
            client.from_environment("XT_OPERATOR_SECRET"), f"{timestamp_ms}OPERATOR".encode() + serialized)
        answer = gateway_service_pb2_grpc.OperatorServiceStub(channel).Submit(
            pb.OperatorServiceSubmitRequest(timestamp_ms=timestamp_ms, signature=signature, command=serialized),
            timeout=30)
    except grpc.RpcError as error:
        sys.exit(f"no answer: {error}")
    if answer.HasField("refusal"):
        sys.exit(f"{answer.refusal.code}: {answer.refusal.message}")
    print(f"in force from sequence {answer.result.sequence}")


if __name__ == "__main__":
    if len(sys.argv) != 4 or not sys.argv[3].isdigit():
        sys.exit("usage: limit_prices.py ADDRESS SYMBOL BASIS_POINTS")
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
