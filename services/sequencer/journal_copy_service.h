// JournalCopyService: the gRPC face of StandbyFile: one stream is one handle on the file, as long as the stream lasts
// (protos/xtrader/v1/journal_copy_service.proto). Each stream is served by a thread of its own, which waits for the
// disk while it opens or reads the file, and by one that writes the answers: an append's comes when its records are on
// the disk.
//
// Bound: a stream with `max_unanswered` requests whose answers are not written yet is not read further, and neither is
// one whose file has no room for an append. Thread-safe; the file must outlive it, and all calls must have ended
// (GrpcHost::Shutdown) before it is destroyed.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>

#include "libs/runtime/grpc_host.h"
#include "services/sequencer/standby_file.h"

namespace xt::sequencer {

struct JournalCopyServiceOptions {
  std::size_t max_unanswered = 8192;  // requests of one stream
};

class JournalCopyService {
 public:
  explicit JournalCopyService(StandbyFile& file, const JournalCopyServiceOptions& options = {});
  ~JournalCopyService();
  JournalCopyService(const JournalCopyService&) = delete;
  JournalCopyService& operator=(const JournalCopyService&) = delete;

  [[nodiscard]] runtime::GrpcService service() const;

  // Ends every stream and refuses new ones (UNAVAILABLE). Returns when all have ended and the file is closed, or at the
  // deadline.
  void EndStreams(std::chrono::steady_clock::time_point deadline);

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

}  // namespace xt::sequencer
