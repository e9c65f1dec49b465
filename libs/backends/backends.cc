#include "libs/backends/backends.h"

#include <charconv>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/file_execution_stream.h"
#include "libs/adapters/embedded/file_market_bus.h"
#include "libs/adapters/embedded/memory_notification_bus.h"
#include "libs/adapters/embedded/memory_rate_limiter.h"
#include "libs/adapters/embedded/sole_leader.h"
#include "libs/adapters/embedded/sqlite_store.h"
#include "libs/adapters/kafka/kafka_market_bus.h"
#include "libs/adapters/postgres/postgres_store.h"
#include "libs/adapters/rabbitmq/rabbitmq_notification_bus.h"
#include "libs/adapters/redis/redis_execution_reader.h"
#include "libs/adapters/redis/redis_execution_stream.h"
#include "libs/adapters/redis/redis_journal.h"
#include "libs/adapters/redis/redis_rate_limiter.h"
#include "libs/adapters/replicated/replicated_journal.h"
#include "libs/adapters/replicated/unclean_leader.h"
#include "libs/adapters/zookeeper/zookeeper_audit_log.h"
#include "libs/adapters/zookeeper/zookeeper_election.h"
#include "libs/adapters/zookeeper/zookeeper_in_sync_set.h"
#include "libs/base/status.h"
#include "libs/runtime/config.h"
#include "libs/runtime/log.h"
#include "libs/runtime/metrics.h"
#include "libs/runtime/service_main.h"

namespace xt::backends {
namespace {

absl::StatusOr<redis::RedisConfig> RedisAt(const std::string& key, const std::string& address) {
  const std::size_t colon = address.rfind(':');
  std::uint16_t port = 0;
  const char* end = address.data() + address.size();
  const bool read = colon != std::string::npos && colon != 0 &&
                    std::from_chars(address.data() + colon + 1, end, port).ptr == end && port != 0;
  if (!read) return absl::InvalidArgumentError(absl::StrCat(key, " must be host:port, not '", address, "'"));
  redis::RedisConfig config;
  config.host = address.substr(0, colon);
  config.port = port;
  return config;
}

// For market-data while Kafka is away: what was published before it noticed.
constexpr std::uint64_t kKeptExecutions = 100'000;

absl::Status LogUncleanStart(const replicated::UncleanStart& start, const absl::Status& recorded) {
  const char* const what = recorded.ok() ? "an unclean leader begins: what was acknowledged may be lost"
                                         : "an unclean leader was not recorded and does not begin";
  const std::string reason = recorded.ok() ? "" : recorded.ToString();
  runtime::Log(runtime::LogLevel::kError, what, {{"start", TextOf(start)}, {"reason", reason}});
  return recorded;
}

replicated::ReplicatedJournalOptions OptionsOf(const DurabilityConfig& durability,
                                               std::function<void(const absl::Status&)> on_copy,
                                               OnUncleanStart on_unclean_start,
                                               std::vector<replicated::StandbyCopy> standbys) {
  replicated::ReplicatedJournalOptions options;
  const Durability mode = durability.Chosen(true);
  if (mode == Durability::kMemory) options.confirmation = replicated::Confirmation::kNobody;
  if (mode == Durability::kRedis) options.confirmation = replicated::Confirmation::kRemote;
  options.min_copies = durability.MinCopies(true);
  options.standbys = std::move(standbys);
  options.on_remote = [on_copy](const absl::Status& status) {
    if (status.ok()) {
      runtime::Log(runtime::LogLevel::kInfo, "the journal's second copy is back", {});
    } else {
      runtime::Log(runtime::LogLevel::kWarn, "the journal's second copy is lost", {runtime::LogField(status)});
    }
    on_copy(status);
  };
  options.on_standby = [on_copy = std::move(on_copy)](const std::string& standby, const absl::Status& status) {
    if (status.ok()) {
      runtime::Log(runtime::LogLevel::kInfo, "a standby's file of the journal is in sync", {{"standby", standby}});
    } else {
      runtime::Log(runtime::LogLevel::kWarn, "a standby's file of the journal is lost",
                   {{"standby", standby}, runtime::LogField(status)});
    }
    on_copy(status);
  };
  options.on_repair = [](const replicated::JournalRepair& repair) {
    runtime::Log(runtime::LogLevel::kWarn, "a damaged copy of the journal was repaired from the other one",
                 {{"copy", repair.copy},
                  {"range", repair.range},
                  {"place", repair.place},
                  {"from", repair.source},
                  {"detail", repair.detail}});
  };
  options.on_unclean_start = [record = std::move(on_unclean_start)](const replicated::UncleanStart& start) {
    return LogUncleanStart(start, record(start));
  };
  return options;
}

runtime::StringOptions Optional(std::string_view doc, bool secret = false) {
  return {.doc = doc, .secret = secret, .max_length = 1'024};
}

}  // namespace

void BackendConfig::DescribeRedisJournal(runtime::ConfigSchema& schema) {
  schema.String("redis_journal.address", &redis_journal,
                Optional("Host and port of the Redis that holds the journal's second copy and nothing else; empty: the "
                         "journal is the file alone."));
  durability.Describe(schema, &redis_journal);
  schema.Check([this]() -> absl::Status {
    if (zookeeper.empty() || !redis_journal.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        "zookeeper.servers needs redis_journal.address: who leads next would not have the journal");
  });
}

void BackendConfig::DescribeRedis(runtime::ConfigSchema& schema, const std::string& empty) {
  const std::string doc = absl::StrCat("Host and port of Redis; empty: ", empty, ".");
  schema.String("redis.address", &redis, Optional(doc));
}

void BackendConfig::DescribeKafka(runtime::ConfigSchema& schema, const std::string& empty) {
  const std::string doc = absl::StrCat("Hosts and ports of Kafka, separated by commas; empty: ", empty, ".");
  schema.String("kafka.brokers", &kafka, Optional(doc));
}

void BackendConfig::DescribeRabbitMq(runtime::ConfigSchema& schema) {
  schema.String("rabbitmq.url", &rabbitmq,
                Optional("amqp://user:password@host:port/vhost; empty: embedded, in this process.", true));
}

void BackendConfig::DescribePostgres(runtime::ConfigSchema& schema) {
  schema.String("postgres.url", &postgres,
                Optional("postgresql://user:password@host:port/database; empty: an SQLite file.", true));
}

void BackendConfig::DescribeZooKeeper(runtime::ConfigSchema& schema) {
  schema
      .String("zookeeper.servers", &zookeeper,
              Optional("Hosts and ports of ZooKeeper, separated by commas; empty: this process is the only candidate."))
      .Path("zookeeper.session_file", &zookeeper_session_file,
            Optional("Where the session's credentials are written, for a supervisor that ends the session of a dead "
                     "process; empty: nowhere."))
      .Int64("zookeeper.session_timeout_ms", &zookeeper_session_timeout_ms,
             {.min = 1'000,
              .max = 60'000,
              .unit = "ms",
              .doc = "Silence after which ZooKeeper takes this process for dead, and somebody else may lead. The "
                     "servers clamp it to 2 to 20 of their ticks."});
}

absl::StatusOr<std::unique_ptr<ports::ExecutionStream>> OpenExecutionStream(const BackendConfig& config,
                                                                            const std::string& shard,
                                                                            const std::string& folder) {
  if (config.redis.empty()) return embedded::FileExecutionStream::Open(folder);
  XT_ASSIGN_OR_RETURN(redis::RedisConfig redis, RedisAt("redis.address", config.redis));
  redis::RedisExecutionStreamOptions options;
  options.shard = shard;
  options.keep_entries = kKeptExecutions;
  return std::make_unique<redis::RedisExecutionStream>(std::move(redis), options);
}

absl::StatusOr<std::unique_ptr<ports::ExecutionReader>> OpenExecutionReader(const BackendConfig& config,
                                                                            const std::string& shard) {
  if (config.redis.empty()) return nullptr;
  XT_ASSIGN_OR_RETURN(const redis::RedisConfig redis, RedisAt("redis.address", config.redis));
  return std::make_unique<redis::RedisExecutionReader>(redis, shard);
}

absl::StatusOr<std::unique_ptr<ports::MarketBus>> OpenMarketBus(const BackendConfig& config,
                                                                const std::string& folder) {
  if (config.kafka.empty()) return embedded::FileMarketBus::Open(folder);
  kafka::KafkaConfig kafka;
  kafka.brokers = config.kafka;
  return kafka::KafkaMarketBus::Create(kafka);
}

absl::StatusOr<std::unique_ptr<ports::NotificationBus>> OpenNotificationBus(const BackendConfig& config) {
  if (config.rabbitmq.empty()) return std::make_unique<embedded::MemoryNotificationBus>();
  rabbitmq::RabbitMqConfig rabbitmq;
  rabbitmq.url = config.rabbitmq;
  return rabbitmq::RabbitMqNotificationBus::Create(rabbitmq);
}

absl::StatusOr<std::shared_ptr<zookeeper::ZooKeeperSession>> OpenZooKeeper(const BackendConfig& config,
                                                                           runtime::MetricsRegistry& metrics) {
  if (config.zookeeper.empty()) return nullptr;
  zookeeper::ZooKeeperConfig zookeeper;
  zookeeper.servers = config.zookeeper;
  zookeeper.session_timeout = std::chrono::milliseconds(config.zookeeper_session_timeout_ms);
  zookeeper.on_error = [](const absl::Status& error) {
    runtime::Log(runtime::LogLevel::kWarn, "zookeeper", {runtime::LogField(error)});
  };
  runtime::Histogram& requests =
      metrics.Histogram("zookeeper_request_latency_seconds", "From a request to ZooKeeper to its answer.");
  zookeeper.on_request = [&requests](std::chrono::nanoseconds took) { requests.Observe(took.count()); };
  if (!config.zookeeper_session_file.empty()) {
    zookeeper.on_session = [file = config.zookeeper_session_file](const zookeeper::SessionCredentials& credentials) {
      const absl::Status written = runtime::WriteFileAtomically(file, zookeeper::ToText(credentials) + "\n");
      if (!written.ok()) runtime::Log(runtime::LogLevel::kWarn, "zookeeper.session_file", {runtime::LogField(written)});
    };
  }
  return zookeeper::ZooKeeperSession::Open(std::move(zookeeper));
}

std::function<ports::ServerState()> ZooKeeperProbe(const zookeeper::ZooKeeperSession* session) {
  if (session == nullptr) return {};
  return [session]() -> ports::ServerState {
    if (session->Stats().connected) return {"zookeeper", ports::ServerStatus::kOk, ""};
    return {"zookeeper", ports::ServerStatus::kDown, "the session has no connection"};
  };
}

absl::StatusOr<std::unique_ptr<ports::LeaderElection>> OpenElection(
    const std::shared_ptr<zookeeper::ZooKeeperSession>& session, const std::string& role, const std::string& id,
    const std::string& folder) {
  if (session == nullptr) return embedded::SoleLeader::Open(folder, id);
  return std::make_unique<zookeeper::ZooKeeperElection>(session, role, id);
}

std::unique_ptr<ports::InSyncSet> MakeInSyncSet(const std::shared_ptr<zookeeper::ZooKeeperSession>& session,
                                                const std::string& shard) {
  return session != nullptr ? std::make_unique<zookeeper::ZooKeeperInSyncSet>(session, shard) : nullptr;
}

OnUncleanStart AuditUncleanStarts(std::shared_ptr<zookeeper::ZooKeeperSession> session, const std::string& shard) {
  return [session = std::move(session), shard](const replicated::UncleanStart& start) {
    return zookeeper::ZooKeeperAuditLog(session, shard).Write(start.epoch, TextOf(start));
  };
}

absl::StatusOr<std::unique_ptr<ports::CommandJournal>> MakeJournal(
    const BackendConfig& config, const std::string& shard, std::unique_ptr<ports::JournalCopy> file,
    ports::InSyncSet* in_sync, std::function<void(const absl::Status&)> on_copy, OnUncleanStart on_unclean_start,
    std::vector<replicated::StandbyCopy> standbys) {
  XT_RETURN_IF_ERROR(config.durability.Check(!config.redis_journal.empty()));
  if (config.redis_journal.empty()) return file;
  if (in_sync == nullptr) {
    return absl::InvalidArgumentError("redis_journal.address needs zookeeper.servers: it says which copies count");
  }
  XT_ASSIGN_OR_RETURN(const redis::RedisConfig redis, RedisAt("redis_journal.address", config.redis_journal));
  redis::RedisJournalOptions options;
  options.shard = shard;
  options.needs_fsync_always = config.durability.Chosen(true) == Durability::kAlways;
  // A restarted Redis may lack its end: it counts again once it is equal and registered anew.
  options.on_restart = [](const std::string& run_id) {
    return absl::FailedPreconditionError(absl::StrCat("Redis was restarted, its run id is ", run_id, " now"));
  };
  auto connect = [redis, options]() -> std::unique_ptr<ports::JournalCopy> {
    return std::make_unique<redis::RedisJournal>(redis, options);
  };
  return std::make_unique<replicated::ReplicatedJournal>(
      std::move(file), std::move(connect), *in_sync,
      OptionsOf(config.durability, std::move(on_copy), std::move(on_unclean_start), std::move(standbys)));
}

std::unique_ptr<ports::Store> MakeStore(const BackendConfig& config, const std::string& file,
                                        runtime::MetricsRegistry& metrics) {
  if (config.postgres.empty()) return std::make_unique<embedded::SqliteStore>(file);
  postgres::PostgresConfig postgres;
  postgres.url = config.postgres;
  runtime::Histogram& waits =
      metrics.Histogram("db_pool_wait_seconds", "Time that queries waited which found no free connection.");
  postgres.on_pool_wait = [&waits](std::chrono::nanoseconds took) { waits.Observe(took.count()); };
  return std::make_unique<postgres::PostgresStore>(std::move(postgres));
}

absl::StatusOr<std::unique_ptr<ports::RateLimiter>> OpenRateLimiter(const BackendConfig& config) {
  if (config.redis.empty()) return std::make_unique<embedded::MemoryRateLimiter>();
  XT_ASSIGN_OR_RETURN(redis::RedisConfig redis, RedisAt("redis.address", config.redis));
  return std::make_unique<redis::RedisRateLimiter>(std::move(redis));
}

}  // namespace xt::backends
