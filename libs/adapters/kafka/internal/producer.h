// Producer: one life of an idempotent producer. It writes each partition in order and without a gap, or not at all: the
// first message that fails breaks it, and from then on nothing more leaves it. Whoever used it makes a new one and asks
// the log what arrived. What it had on the way when it broke may still arrive late; that makes duplicates, never a gap.
// Thread-safe; a topic is used by one thread at a time.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/kafka/internal/client.h"
#include "libs/adapters/kafka/internal/counters.h"
#include "libs/adapters/kafka/kafka_config.h"
#include "libs/ports/market_bus.h"

namespace xt::kafka {

// A topic as this producer sees it.
struct ProducedTopic {
  Topic handle;
  std::vector<domain::EventId> highest;  // by partition: of what is stored and what was sent
  [[nodiscard]] int PartitionOf(const std::string& key) const;
};

struct Outgoing {
  const ports::MarketMessage* message;
  ProducedTopic* topic;
  int partition;
};

class Producer {
 public:
  // `counters` must outlive it.
  static absl::StatusOr<std::shared_ptr<Producer>> Create(const KafkaConfig& config, Counters& counters);
  ~Producer();
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;

  // Null when AddTopic was not called for it. The pointers stay valid.
  ProducedTopic* FindTopic(const std::string& topic);
  ProducedTopic* AddTopic(const std::string& topic, std::vector<domain::EventId> highest);

  // Returns when all are confirmed. Anything else breaks the producer: a message that fails, the deadline.
  absl::Status Send(const std::vector<Outgoing>& messages, Deadline deadline);
  // Fails all that is on the way. Only the first reason counts.
  void Break(const absl::Status& why);
  [[nodiscard]] bool broken() const;

 private:
  // The messages of one Send. The library holds its address until it has reported each of them.
  struct Batch {
    std::size_t unreported = 0;
  };

  Producer(const KafkaConfig& config, Counters& counters) : prefix_(config.prefix), counters_(counters) {}
  static void OnEvent(rd_kafka_t* client, rd_kafka_event_t* event, void* producer);
  void OnReports(rd_kafka_t* client, rd_kafka_event_t* event);
  void OnError(rd_kafka_t* client, rd_kafka_event_t* event);
  // What breaks it: `error`, or the fatal error by which the library ended itself. Asked once.
  absl::Status Reason(rd_kafka_t* client, rd_kafka_resp_err_t error);
  // Of one that is not broken. `client` is ours; a callback passes its own, since client_ is void while it is destroyed.
  void BreakAndUnlock(std::unique_lock<std::mutex>& lock, rd_kafka_t* client, const absl::Status& why);
  // Waits while the queue of the client is full.
  absl::Status Enqueue(const Outgoing& outgoing, Batch& batch, Deadline deadline);
  absl::Status WaitForReports(const Batch& batch, Deadline deadline);
  // Under the lock: the reason to give up at the deadline.
  [[nodiscard]] absl::Status LateStatus() const;

  const std::string prefix_;
  Counters& counters_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;  // an event was handled, or it broke
  std::uint64_t events_ = 0;
  absl::Status broken_;
  std::string last_error_;                       // what the library said last about a broker
  std::vector<std::shared_ptr<Batch>> batches_;  // not reported completely
  std::unordered_map<std::string, std::unique_ptr<ProducedTopic>> topics_;
  Client client_;
};

}  // namespace xt::kafka
