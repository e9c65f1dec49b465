#!/usr/bin/env python3
"""Asks each service inside of an exchange one question:

  ask_services.py SEQUENCER MATCHING PERSISTENCE MARKET_DATA NOTIFIER

Each is an address; `./dev cluster status` has them. To the sequencer goes a command that changes nothing: it cancels the
orders of account 1 in a group that nobody uses. PYTHONPATH names the folder that generate.sh made."""

import sys

import grpc

from xtrader.v1 import infra_service_pb2, infra_service_pb2_grpc
from xtrader.v1 import market_data_service_pb2, market_data_service_pb2_grpc
from xtrader.v1 import matching_service_pb2, matching_service_pb2_grpc
from xtrader.v1 import notifier_service_pb2, notifier_service_pb2_grpc
from xtrader.v1 import persistence_service_pb2, persistence_service_pb2_grpc
from xtrader.v1 import sequencer_service_pb2, sequencer_service_pb2_grpc


def submit(channel):
    request = sequencer_service_pb2.SubmitRequest()
    command = request.commands.add(request_id=1).command
    command.cancel_all.account_id = 1
    command.cancel_all.symbol_id = 65535  # every symbol
    command.cancel_all.order_group = 4294967295
    responses = sequencer_service_pb2_grpc.SequencerServiceStub(channel).Submit(iter([request]), timeout=30)
    outcome = next(responses).results[0].outcome
    return f"outcome {sequencer_service_pb2.SubmitOutcome.Name(outcome)}"


def state_digest(channel):
    stub = matching_service_pb2_grpc.MatchingServiceStub(channel)
    answer = stub.GetStateDigest(matching_service_pb2.GetStateDigestRequest(), timeout=30)
    return f"after sequence {answer.sequence} the state is {answer.digest.hex()}"


def committed(channel):
    stub = persistence_service_pb2_grpc.PersistenceServiceStub(channel)
    answer = stub.GetCommittedSequence(persistence_service_pb2.GetCommittedSequenceRequest(), timeout=30)
    return f"the database has everything up to sequence {answer.sequence}"


def trades(channel):
    stub = market_data_service_pb2_grpc.MarketDataServiceStub(channel)
    answer = stub.GetTrades(market_data_service_pb2.GetTradesRequest(symbol_id=0, limit=10), timeout=30)
    return f"{len(answer.trades)} trades"


def servers(channel):
    answer = infra_service_pb2_grpc.InfraServiceStub(channel).GetServers(infra_service_pb2.GetServersRequest(), timeout=30)
    return f"{len(answer.servers)} servers are configured"


def sessions(channel):
    stub = notifier_service_pb2_grpc.NotifierServiceStub(channel)
    return f"{len(stub.ListSessions(notifier_service_pb2.ListSessionsRequest(), timeout=30).sessions)} sessions"


def main(sequencer, matching, persistence, market_data, notifier):
    for name, ask, address in (("SequencerService", submit, sequencer), ("MatchingService", state_digest, matching),
                               ("PersistenceService", committed, persistence),
                               ("MarketDataService", trades, market_data), ("InfraService", servers, persistence),
                               ("NotifierService", sessions, notifier)):
        try:
            answer = ask(grpc.insecure_channel(address))
        except grpc.RpcError as error:
            answer = f"no answer: {error.code().name}"
        print(f"{name}: {answer}")


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit("usage: ask_services.py SEQUENCER MATCHING PERSISTENCE MARKET_DATA NOTIFIER")
    main(*sys.argv[1:])
