// SequencerService: the gRPC face of the sequencer: OrderSequencing, one bidirectional stream per gateway, and the request
// to step down, which it logs with who asked and why. It takes the commands of each
// message in order and answers each by its request id; answers that wait at the same moment travel in one message.
//
// Bound: a stream with `max_unanswered` commands that were not answered yet is not read further until answers have left,
// so that a peer which does not read costs a fixed amount of memory. A stream that breaks loses only its answers: what it
// sent goes on, and the peer learns nothing (UNKNOWN). Thread-safe; the port must outlive it, and all calls must have
// ended (GrpcHost::Shutdown) before it is destroyed.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "libs/domain/ids.h"
#include "libs/ports/order_sequencing.h"
#include "libs/runtime/grpc_host.h"

namespace xt::sequencer {

struct SequencerServiceOptions {
  std::size_t max_unanswered = 8192;  // commands of one stream
  std::string instance;               // the name that StepDown answers
  // Begins the hand-over and says in which epoch it led, as SequencerApp::StepDown. Empty: UNIMPLEMENTED. May block.
  std::function<absl::StatusOr<domain::Epoch>(bool force)> step_down;
};

class SequencerService {
 public:
  explicit SequencerService(ports::OrderSequencing& sequencing, const SequencerServiceOptions& options = {});
  ~SequencerService();
  SequencerService(const SequencerService&) = delete;
  SequencerService& operator=(const SequencerService&) = delete;

  [[nodiscard]] runtime::GrpcService service() const;

  // Ends every stream once what it asked was answered, and refuses new ones (UNAVAILABLE). Returns when all have ended,
  // or at the deadline.
  void EndStreams(std::chrono::steady_clock::time_point deadline);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::sequencer
