#!/usr/bin/env python3
"""Enters a limit order over a stream of OrderEntryService and shows what became of it:

  XT_API_KEY=... XT_SECRET=... enter_order.py 127.0.0.1:9090 BTC-KRW BUY 100000000 0.2

A program that trades keeps its stream, sends many requests, and finds the answers by their request_id. PYTHONPATH
names the folder that generate.sh made."""

import decimal
import fractions
import queue
import sys

import grpc

import client
from xtrader.v1 import gateway_service_pb2 as pb
from xtrader.v1 import gateway_service_pb2_grpc
from xtrader.v1 import order_pb2


def whole_number(text, unit, decimals, what):
    """Prices go in ticks and quantities in lots: whole numbers of them. Never through a float."""
    count = fractions.Fraction(text) * 10**decimals / unit
    return int(count) if count.denominator == 1 else sys.exit(what)


def find_symbol(stub, code):
    for symbol in stub.ListSymbols(pb.OrderEntryServiceListSymbolsRequest(), timeout=30).symbols:
        if symbol.code == code:
            return symbol
    sys.exit(f"there is no symbol {code}")


def answer(responses):
    try:
        response = next(responses)
    except (grpc.RpcError, StopIteration) as error:
        # The order may have been entered all the same: the same client order id again gets the first result.
        sys.exit(f"no answer: {error}")
    if response.HasField("refusal"):
        sys.exit(f"{response.refusal.code}: {response.refusal.message}")
    return response


def main(address, code, side, price, quantity):
    stub = gateway_service_pb2_grpc.OrderEntryServiceStub(grpc.insecure_channel(address))
    symbol = find_symbol(stub, code)

    requests = queue.SimpleQueue()  # None ends the stream
    responses = stub.OrderEntry(iter(requests.get, None), timeout=30)  # a stream that is kept has none

    api_key, timestamp_ms = client.from_environment("XT_API_KEY"), client.now_ms()
    signature = client.sign(client.from_environment("XT_SECRET"), f"{timestamp_ms}LOGON{api_key}".encode())
    logon = pb.Logon(api_key=api_key, timestamp_ms=timestamp_ms, signature=signature)
    requests.put(pb.OrderEntryRequest(request_id=1, logon=logon))
    print(f"signed in as {answer(responses).logged_on.account}")

    order = pb.EnterOrder(
        symbol=code,
        side=order_pb2.Side.Value(f"SIDE_{side}"),
        type=order_pb2.ORDER_TYPE_LIMIT,
        price_ticks=whole_number(price, symbol.tick_size, symbol.quote_decimals, "the price is between two ticks"),
        quantity_lots=whole_number(quantity, symbol.lot_size, symbol.base_decimals, "the quantity is between two lots"),
        client_order_id=f"example-{client.now_ms()}",
    )
    requests.put(pb.OrderEntryRequest(request_id=2, enter_order=order))
    result = answer(responses).result
    requests.put(None)

    def decimals_of(count, unit, decimals):
        return f"{decimal.Decimal(count * unit).scaleb(-decimals).normalize():f}"

    def quantity_of(lots):
        return decimals_of(lots, symbol.lot_size, symbol.base_decimals)

    report = result.report
    print(f"order {report.order_id}: {order_pb2.OrderStatus.Name(report.status)}, "
          f"executed {quantity_of(report.executed_quantity_lots)} of {quantity_of(report.quantity_lots)}")
    for fill in result.fills:
        price = decimals_of(fill.last_price_ticks, symbol.tick_size, symbol.quote_decimals)
        print(f"trade {fill.trade_id}: {quantity_of(fill.last_quantity_lots)} at {price}")


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit("usage: enter_order.py ADDRESS SYMBOL BUY|SELL PRICE QUANTITY")
    main(*sys.argv[1:])
