// ExecutionIntake: the consumer of the executions. One thread reads deliveries (execution_source.h says from where), puts
// them in order, stores them in batches of one transaction each, and acknowledges after the commit. What is stored
// already is dropped by its sequence, so a redelivery changes nothing.
//
// When the next sequence is missing, it keeps what it has, asks the stream for what other consumers left behind, after
// `fallback.patience_ms` the topic for what the stream has lost, and looks whether another one has stored it meanwhile. It
// never goes on without: orders that were closed in the hole would stay open in the database for ever. The check
// `persistence.executions` is degraded until then, and says what is missing. When the store is unreachable it retries for
// ever. Corruption (a damaged entry, books that do not balance, a conflict of client order ids) halts: nothing is
// acknowledged, the check `persistence.store` is down, queries beyond fail. Start and Stop by one thread; the thread it owns
// touches everything else.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "libs/base/clock.h"
#include "libs/ports/store.h"
#include "libs/runtime/health.h"
#include "services/persistence/committed_sequence.h"
#include "services/persistence/config.h"
#include "services/persistence/core/reorder_buffer.h"
#include "services/persistence/execution_source.h"
#include "services/persistence/metrics.h"

namespace xt::persistence {

class ExecutionIntake {
 public:
  // Everything outlives the object.
  ExecutionIntake(const PersistenceConfig& config, const ExecutionPorts& ports, ports::Store& store,
                  CommittedSequence& committed, PersistenceMetrics& metrics, runtime::HealthRegistry& health,
                  const Clock& clock);
  ~ExecutionIntake();
  ExecutionIntake(const ExecutionIntake&) = delete;
  ExecutionIntake& operator=(const ExecutionIntake&) = delete;

  // `watermark`: what the store holds now.
  absl::Status Start(domain::SequenceNumber watermark, const std::vector<domain::Asset>& assets);
  // Returns when the thread has ended; a transaction under way is finished. Idempotent.
  void Stop();

 private:
  using Deliveries = std::vector<ports::ExecutionDelivery>;

  void Run();
  // One turn of the loop; an error halts.
  absl::Status Turn();
  bool ClaimWriting();
  absl::Status StandBy();
  absl::Status ReadMore();
  absl::Status Take(const Deliveries& deliveries);
  absl::Status StoreRuns();
  absl::Status StoreRun(const std::vector<const domain::CommandResult*>& run);
  // What to do after Apply failed: OK means try again.
  absl::Status AfterFailedApply(const absl::Status& status);
  void Committed(const ports::StoreBatch& batch, const std::vector<const domain::CommandResult*>& run);
  // Reads the store's watermark until it answers or Stop is called.
  absl::Status RereadWatermark();
  void AdvanceTo(domain::SequenceNumber watermark);
  absl::Status CloseGap();
  absl::Status FillGap();
  void TellGap(const absl::Status& topic);
  void LeaveGap();
  void ShowSource();
  void Acknowledge(const std::vector<domain::SequenceNumber>& sequences);
  void BackOff();
  void Pause(std::int64_t pause_ms);
  void Halt(const absl::Status& reason);
  [[nodiscard]] bool stopping();

  const PersistenceConfig& config_;
  ports::Store& store_;
  CommittedSequence& committed_;
  PersistenceMetrics& metrics_;
  runtime::HealthCheck& store_check_;
  runtime::HealthCheck& stream_check_;
  runtime::Heartbeat& heartbeat_;
  const Clock& clock_;

  ExecutionSource source_;
  std::unique_ptr<ReorderBuffer> buffer_;
  absl::flat_hash_map<domain::AssetId, domain::AssetCode> asset_codes_;
  std::int64_t pause_ms_ = 0;   // of the last back-off; 0 after a success
  bool writes_ = false;         // the others that share the store do not
  std::int64_t claim_idle_ms_;  // how long another must have held what is claimed
  std::optional<std::int64_t> last_claim_ns_;

  // Of the gap before what is held.
  struct Gap {
    std::int64_t since_ns;
    domain::SequenceNumber behind;
    std::int64_t behind_ns;  // since when it is behind that
    bool told = false;       // that nobody has what is missing
  };
  std::optional<Gap> gap_;

  std::mutex mutex_;
  std::condition_variable stop_signal_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace xt::persistence
