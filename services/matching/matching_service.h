// MatchingService: the gRPC face of MatchingReplica, MatchingQueries and ReplicaSnapshots. One sequencer at a time: a new stream ends the
// one before it with ABORTED, once its first message has connected it to the replica. A frame is decoded from the bytes
// of the journal and must have the hash that came with it, else the stream ends with DATA_LOSS.
// ReadSnapshot alone is served by a thread of its own for each call. All others share gRPC's few, which may all be waiting
// for the engine while the engine waits for another replica's snapshot: two replicas could wait for each other.
//
// Bounds: frames for which the replica has no room are held, at most `max_held_frames`, beyond which the stream ends
// with RESOURCE_EXHAUSTED; results cannot be more than the frames that were taken. Thread-safe; the ports must outlive
// it, and all calls must have ended (GrpcHost::Shutdown) before it is destroyed.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "libs/ports/matching_replica.h"
#include "libs/ports/replica_snapshots.h"
#include "libs/runtime/grpc_host.h"

namespace xt::matching {

struct MatchingServiceOptions {
  std::size_t max_held_frames = 8'192;
  // The stream of the present sequencer ended and no other took its place; must not block. May be empty.
  std::function<void()> on_disconnect;
  ports::ReplicaSnapshots* snapshots = nullptr;  // null: their methods are UNIMPLEMENTED
};

class MatchingService {
 public:
  MatchingService(ports::MatchingReplica& replica, ports::MatchingQueries& queries,
                  const MatchingServiceOptions& options = {});
  ~MatchingService();
  MatchingService(const MatchingService&) = delete;
  MatchingService& operator=(const MatchingService&) = delete;

  [[nodiscard]] runtime::GrpcService service() const;

  // Ends the stream and the reading of snapshots, and refuses new ones (UNAVAILABLE). Returns when the stream has ended, or
  // at the deadline.
  void EndStreams(std::chrono::steady_clock::time_point deadline);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::matching
