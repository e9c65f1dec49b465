#!/usr/bin/env python3
"""Cancels all open orders of the account in one market, by one signed request without a stream:

  XT_API_KEY=... XT_SECRET=... cancel_orders.py 127.0.0.1:9090 BTC-KRW

PYTHONPATH names the folder that generate.sh made."""

import sys

import grpc

import client
from xtrader.v1 import gateway_service_pb2 as pb
from xtrader.v1 import gateway_service_pb2_grpc


def main(address, code):
    stub = gateway_service_pb2_grpc.OrderEntryServiceStub(grpc.insecure_channel(address))
    cancel = pb.OrderEntryRequest(cancel_orders=pb.CancelEnteredOrders(symbol=code))
    timestamp_ms = client.now_ms()
    request = cancel.SerializeToString()  # these bytes are signed, and these bytes are sent
    signature = client.sign(client.from_environment("XT_SECRET"), f"{timestamp_ms}EXECUTE".encode() + request)
    execute = pb.OrderEntryServiceExecuteRequest(
        api_key=client.from_environment("XT_API_KEY"), timestamp_ms=timestamp_ms, signature=signature, request=request)
    try:
        response = stub.Execute(execute, timeout=30).response
    except grpc.RpcError as error:
        sys.exit(f"no answer: {error}")
    if response.HasField("refusal"):
        sys.exit(f"{response.refusal.code}: {response.refusal.message}")
    print(f"canceled {len(response.canceled.order_ids)}")
    for order_id in response.canceled.order_ids:
        print(f"order {order_id}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: cancel_orders.py ADDRESS SYMBOL")
    main(*sys.argv[1:])
