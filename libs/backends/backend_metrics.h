// BackendMetrics: what the adapters behind a process's ports count, read at each scrape. An adapter that counts nothing
// exports nothing. `broker` is the bus, as in the sequencer's metrics: executions, market or notifications. Destroy it
// before what it watches; the registry outlives both. One thread watches, each port once.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "libs/ports/command_journal.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/notification_bus.h"
#include "libs/ports/store.h"
#include "libs/runtime/metrics.h"

namespace xt::replicated {
class ReplicatedJournal;
}

namespace xt::zookeeper {
class ZooKeeperSession;
}

namespace xt::backends {

class BackendMetrics {
 public:
  explicit BackendMetrics(runtime::MetricsRegistry& registry) : registry_(registry) {}

  // What a process publishes to, and what it consumes.
  void WatchPublisher(const ports::ExecutionStream& stream);
  void WatchPublisher(const ports::MarketBus& bus);
  void WatchPublisher(const ports::NotificationBus& bus);
  void WatchConsumer(const ports::ExecutionStream& stream);
  void WatchConsumer(const ports::NotificationBus& bus);
  void Watch(const ports::Store& store);
  void Watch(const ports::CommandJournal& journal);
  // May be null.
  void Watch(const zookeeper::ZooKeeperSession* session);

 private:
  void Count(std::string_view name, std::string_view help, const runtime::Labels& labels,
             std::function<std::uint64_t()> read);
  void Show(std::string_view name, std::string_view help, const runtime::Labels& labels,
            std::function<std::int64_t()> read);
  void WatchStandbys(const replicated::ReplicatedJournal& journal);
  void CountReconnects(std::string_view broker, std::function<std::uint64_t()> read);
  void CountNotifications(std::function<std::uint64_t()> unroutable, std::function<std::uint64_t()> refused);

  runtime::MetricsRegistry& registry_;
  std::vector<runtime::MetricCallback> callbacks_;
};

}  // namespace xt::backends
