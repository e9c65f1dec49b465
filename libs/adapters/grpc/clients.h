// The client side of the ports that cross processes, over gRPC: each function makes an object that reaches one service
// at the addresses of its instances, one or several, in the background, and again after every loss (backoff 50..1000
// ms; a peer is lost after twice ClientOptions::silence). All instances may be absent: calls then fail with UNAVAILABLE.
// The objects are thread-safe as their ports say; destruction ends all calls under way and blocks until no thread of the
// client runs any more; every unanswered command gets its outcome first; a replica's observer hears nothing of it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "libs/ports/history.h"
#include "libs/ports/infra_status.h"
#include "libs/ports/journal_copy.h"
#include "libs/ports/market_queries.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/order_sequencing.h"
#include "libs/ports/replica_snapshots.h"

namespace grpc::experimental {
class ClientInterceptorFactoryInterface;
}

namespace xt::grpc_clients {

struct ClientOptions {
  std::vector<std::string> addresses;            // of the instances, at least one: "127.0.0.1:9091"
  std::chrono::milliseconds call_timeout{5000};  // deadline of every unary call to one instance
  std::chrono::milliseconds silence{1000};       // of a peer, after which it is asked, and as long again for its answer
  std::size_t max_in_flight = 8192;  // commands (or frames) that wait for their answer; beyond: RESOURCE_EXHAUSTED
  int max_message_bytes = 16 * 1024 * 1024;
  // Makes what sees the calls of one channel, which leads to `service` ("xtrader.v1.MatchingService"). May be empty.
  std::function<std::unique_ptr<grpc::experimental::ClientInterceptorFactoryInterface>(const std::string& service)>
      interceptors;
  // ConnectMatchingReplica: for the connection to a replica, and for each of several to say where it stands.
  // ConnectJournalCopy: for the connection.
  std::chrono::milliseconds connect_wait{250};
  // ConnectMatchingQueries over several replicas: for each to say where it stands.
  std::chrono::milliseconds look_timeout{500};
  // ConnectJournalCopy: how long an append may wait for its answer, and an open, for which the whole file is read.
  std::chrono::milliseconds append_wait{1000};
  std::chrono::milliseconds open_wait{30'000};
  // What follows is for ConnectOrderSequencing only.
  std::chrono::milliseconds leader_wait{3000};  // how long a command may wait for an instance that takes it
  // Told when the first instance is connected and when the last one is not any more, on a thread of the client; must
  // not block. For health checks. May be empty.
  std::function<void(bool connected)> on_connection;
};

// Commands go to the instance that leads (leader_router.h). One bidirectional stream to each; commands that wait at the
// same moment travel in one message. When a stream breaks, what was sent and not answered ends as UNKNOWN.
std::unique_ptr<ports::OrderSequencing> ConnectOrderSequencing(const ClientOptions& options);

// One replica is fed at a time, by one stream per Connect(); a break is told to the observer once. Connect tries the
// replica of the last connection first and then each other one; after a break it begins with another one. It waits up
// to `connect_wait` for the connection to a replica and up to the call timeout for its position.
std::unique_ptr<ports::MatchingReplica> ConnectMatchingReplica(const ClientOptions& options);

// Asks the replica with the highest applied sequence: the leader's, or a standby that is as far. Which one that is, is found
// out by the first call, by a call that fails (it then goes to that replica), by GetReferenceData, which asks all, and
// once a second. So for about a second after the sequencer changed over to another replica an answer may show the state
// at which the one before was left, and until the new one has replayed as far, too; after the change answers may be of
// an earlier sequence than before. Each answer is consistent and names its sequence.
std::unique_ptr<ports::MatchingQueries> ConnectMatchingQueries(const ClientOptions& options);

// Of one replica: each keeps its own. Every call has the call timeout, TakeSnapshot too, which waits for the disk; reading a
// snapshot has it for each piece. A thread that reads one needs no thread of gRPC, so those may wait for it.
std::unique_ptr<ports::ReplicaSnapshots> ConnectReplicaSnapshots(const ClientOptions& options);

// Makes handles on the journal's file of a sequencer that stands by, over one connection. The file is opened on a
// stream of the handle, and lost with it: a handle fails for good, every later call and every append under way
// UNAVAILABLE, when the stream breaks, when the oldest append has waited `append_wait` and none was answered meanwhile,
// or another call its timeout (an open: `open_wait`). Append waits for room when `max_in_flight` appends or 16 MiB are
// not answered; those that wait at the same moment travel in one message. Errors of the file have the code and message
// that it gave. Read visits what was confirmed before the call, and nothing before the base; a file cannot be mended or
// salvaged from here. The destructor waits for the appends under way.
std::function<std::unique_ptr<ports::JournalCopy>()> ConnectJournalCopy(const ClientOptions& options);

// A call goes to the instance that answered last; when that is UNAVAILABLE or does not answer in time, to each other
// one once. The last of these failures is returned.
std::unique_ptr<ports::History> ConnectHistory(const ClientOptions& options);
std::unique_ptr<ports::MarketQueries> ConnectMarketQueries(const ClientOptions& options);
// Meant for one instance: each has its own view.
std::unique_ptr<ports::InfraStatus> ConnectInfraStatus(const ClientOptions& options);

}  // namespace xt::grpc_clients
