// Backends: which server stands behind each port, by configuration. A server that is configured is used; where none is,
// the port runs on its embedded adapter, with its data below the folder given. A server may be away when a port is
// opened: the port's calls then fail with UNAVAILABLE until it is there. Plain functions; call them from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/replicated/replicated_journal.h"
#include "libs/backends/durability.h"
#include "libs/ports/command_journal.h"
#include "libs/ports/execution_reader.h"
#include "libs/ports/execution_stream.h"
#include "libs/ports/in_sync_set.h"
#include "libs/ports/infra_status.h"
#include "libs/ports/journal_copy.h"
#include "libs/ports/leader_election.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/notification_bus.h"
#include "libs/ports/session_store.h"
#include "libs/ports/store.h"

namespace xt::runtime {
class ConfigSchema;
class MetricsRegistry;
}  // namespace xt::runtime

namespace xt::zookeeper {
class ZooKeeperSession;
}

namespace xt::backends {

// Empty: not used.
struct BackendConfig {
  std::string redis_journal;  // "host:port"; of the journal alone
  DurabilityConfig durability;
  std::string redis;      // "host:port"; of everything else
  std::string kafka;      // "host:port,host:port"
  std::string rabbitmq;   // "amqp://user:password@host:port/vhost"
  std::string postgres;   // "postgresql://user:password@host:port/database"
  std::string zookeeper;  // "host:port,host:port"
  std::string zookeeper_session_file;
  std::int64_t zookeeper_session_timeout_ms = 1'500;

  // The keys of one server each, so that a service describes those that it uses. With the journal's Redis come those of
  // its durability.
  void DescribeRedisJournal(runtime::ConfigSchema& schema);
  // `empty`: what stands in where none is configured, for the key's text.
  void DescribeRedis(runtime::ConfigSchema& schema, const std::string& empty = "embedded, in this process");
  void DescribeKafka(runtime::ConfigSchema& schema, const std::string& empty = "embedded, in this process");
  void DescribeRabbitMq(runtime::ConfigSchema& schema);
  void DescribePostgres(runtime::ConfigSchema& schema);
  void DescribeZooKeeper(runtime::ConfigSchema& schema);
};

absl::StatusOr<std::unique_ptr<ports::ExecutionStream>> OpenExecutionStream(const BackendConfig& config,
                                                                            const std::string& shard,
                                                                            const std::string& folder);
// Null where no Redis is configured.
absl::StatusOr<std::unique_ptr<ports::ExecutionReader>> OpenExecutionReader(const BackendConfig& config,
                                                                            const std::string& shard);
absl::StatusOr<std::unique_ptr<ports::MarketBus>> OpenMarketBus(const BackendConfig& config, const std::string& folder);
absl::StatusOr<std::unique_ptr<ports::NotificationBus>> OpenNotificationBus(const BackendConfig& config);
// The process's one session with ZooKeeper; null where none is configured. The registry outlives it.
absl::StatusOr<std::shared_ptr<zookeeper::ZooKeeperSession>> OpenZooKeeper(const BackendConfig& config,
                                                                           runtime::MetricsRegistry& metrics);
// How ZooKeeper is, for runtime::InfraService; empty without a session, which has to outlive it.
std::function<ports::ServerState()> ZooKeeperProbe(const zookeeper::ZooKeeperSession* session);
// `session` may be null: then this process is the only candidate of the folder. `id` names it in
// ports::Leadership::leader_id.
absl::StatusOr<std::unique_ptr<ports::LeaderElection>> OpenElection(
    const std::shared_ptr<zookeeper::ZooKeeperSession>& session, const std::string& role, const std::string& id,
    const std::string& folder);
// Null without a session.
std::unique_ptr<ports::InSyncSet> MakeInSyncSet(const std::shared_ptr<zookeeper::ZooKeeperSession>& session,
                                                const std::string& shard);
using OnUncleanStart = std::function<absl::Status(const replicated::UncleanStart&)>;
// Writes it into the shard's audit log in ZooKeeper.
OnUncleanStart AuditUncleanStarts(std::shared_ptr<zookeeper::ZooKeeperSession> session, const std::string& shard);
// The file alone, or with its second copy in Redis, and `standbys` besides: one for each address in
// DurabilityConfig::standby_addresses. `in_sync` is needed for several copies, and outlives the journal. `on_copy` is told
// why a copy besides the file is lost, and OK when it is back; `on_unclean_start` writes down what a leader lost that
// began though no copy was trusted (ReplicatedJournalOptions).
absl::StatusOr<std::unique_ptr<ports::CommandJournal>> MakeJournal(
    const BackendConfig& config, const std::string& shard, std::unique_ptr<ports::JournalCopy> file,
    ports::InSyncSet* in_sync, std::function<void(const absl::Status&)> on_copy, OnUncleanStart on_unclean_start,
    std::vector<replicated::StandbyCopy> standbys = {});
// Not opened yet. The registry outlives it.
std::unique_ptr<ports::Store> MakeStore(const BackendConfig& config, const std::string& file,
                                        runtime::MetricsRegistry& metrics);
absl::StatusOr<std::unique_ptr<ports::RateLimiter>> OpenRateLimiter(const BackendConfig& config);

}  // namespace xt::backends
