// Consumer: the consumer of the market bus on Kafka, a client of its own. In a group the broker deals out the partitions;
// alone it reads all of them. Each partition is read through a queue of its own, so that a backlog in one does not starve
// the others. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/kafka/internal/client.h"
#include "libs/adapters/kafka/internal/counters.h"
#include "libs/adapters/kafka/internal/topic_reader.h"
#include "libs/adapters/kafka/internal/wakeup.h"
#include "libs/adapters/kafka/kafka_config.h"
#include "libs/ports/market_bus.h"

namespace xt::kafka {

// A topic and where its partitions began and ended when it was subscribed.
struct SubscribedTopic {
  std::string name;
  std::vector<PartitionRange> ranges;
};

class Consumer final : public ports::MarketConsumer {
 public:
  static absl::StatusOr<std::unique_ptr<Consumer>> Create(const KafkaConfig& config, std::string_view group,
                                                          std::vector<SubscribedTopic> topics, ports::StartAt start,
                                                          std::shared_ptr<Counters> counters,
                                                          std::shared_ptr<Wakeup> wakeup);
  ~Consumer() override;

  absl::StatusOr<std::vector<ports::MarketDelivery>> Poll(std::size_t max, std::chrono::milliseconds timeout) override;
  absl::Status Commit() override;
  [[nodiscard]] std::uint64_t Lag() const override;

 private:
  // A partition that this consumer reads.
  struct Lane {
    const SubscribedTopic* topic;
    int partition;
    Queue queue;
    std::int64_t committed;  // what a later consumer of the group begins with
    std::int64_t position;   // behind what Poll returned
  };

  Consumer(const KafkaConfig& config, std::string_view group, std::vector<SubscribedTopic> topics, ports::StartAt start,
           std::shared_ptr<Counters> counters, std::shared_ptr<Wakeup> wakeup);
  static void OnRebalance(rd_kafka_t* client, rd_kafka_resp_err_t error, rd_kafka_topic_partition_list_t* partitions,
                          void* consumer);
  absl::Status Connect();
  // Runs the callbacks of the client, and starts what a rebalance dealt out.
  void Serve(Deadline deadline);
  // Reads where the group is and begins to fetch.
  absl::Status StartAssigned(Deadline deadline);
  absl::Status ReadCommitted(rd_kafka_topic_partition_list_t& partitions, Deadline deadline);
  void AddLane(rd_kafka_topic_partition_t& partition);
  void DropLanes();
  void Take(std::size_t max, std::vector<ports::MarketDelivery>& deliveries);
  [[nodiscard]] Partitions AllPartitions() const;
  [[nodiscard]] const SubscribedTopic* FindTopic(std::string_view full_name) const;
  [[nodiscard]] std::string FullName(const SubscribedTopic& topic) const { return config_.prefix + topic.name; }

  const KafkaConfig config_;
  const std::string group_;
  const std::vector<SubscribedTopic> topics_;
  const ports::StartAt start_;
  const std::shared_ptr<Counters> counters_;
  const std::shared_ptr<Wakeup> wakeup_;
  Client client_;
  Queue events_;         // of the client: rebalances and errors
  Partitions assigned_;  // dealt out but not started yet
  std::vector<Lane> lanes_;
  std::size_t first_ = 0;  // where the next Take begins, so that no partition starves another
};

}  // namespace xt::kafka
