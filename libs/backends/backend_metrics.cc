#include "libs/backends/backend_metrics.h"

#include <algorithm>
#include <string>
#include <utility>

#include "libs/adapters/embedded/memory_notification_bus.h"
#include "libs/adapters/kafka/kafka_market_bus.h"
#include "libs/adapters/postgres/postgres_store.h"
#include "libs/adapters/rabbitmq/rabbitmq_notification_bus.h"
#include "libs/adapters/redis/redis_execution_stream.h"
#include "libs/adapters/replicated/replicated_journal.h"
#include "libs/adapters/zookeeper/zookeeper_session.h"

namespace xt::backends {
namespace {

constexpr std::string_view kExecutions = "executions";
constexpr std::string_view kMarket = "market";
constexpr std::string_view kNotifications = "notifications";

constexpr std::string_view kRepairs = "journal_repairs_total";
constexpr std::string_view kRepairsHelp = "Times that a damaged copy was repaired from the other one.";

runtime::Labels Broker(std::string_view broker) { return {{"broker", std::string(broker)}}; }

}  // namespace

void BackendMetrics::Count(std::string_view name, std::string_view help, const runtime::Labels& labels,
                           std::function<std::uint64_t()> read) {
  callbacks_.push_back(registry_.CounterCallback(name, help, labels, std::move(read)));
}

void BackendMetrics::Show(std::string_view name, std::string_view help, const runtime::Labels& labels,
                          std::function<std::int64_t()> read) {
  callbacks_.push_back(registry_.GaugeCallback(name, help, labels, std::move(read)));
}

void BackendMetrics::CountReconnects(std::string_view broker, std::function<std::uint64_t()> read) {
  Count("mq_reconnects_total", "Connections that were lost or given up; the next use makes a new one.", Broker(broker),
        std::move(read));
}

void BackendMetrics::CountNotifications(std::function<std::uint64_t()> unroutable,
                                        std::function<std::uint64_t()> refused) {
  Count("mq_unroutable_messages_total", "Messages that no queue wanted, dropped.", Broker(kNotifications),
        std::move(unroutable));
  Count("mq_dead_letter_messages_total", "Messages that went to the dead letters.",
        {{"broker", std::string(kNotifications)}, {"reason", "full"}}, std::move(refused));
}

void BackendMetrics::WatchPublisher(const ports::ExecutionStream& stream) {
  const auto* redis = dynamic_cast<const redis::RedisExecutionStream*>(&stream);
  if (redis != nullptr) CountReconnects(kExecutions, [redis] { return redis->Stats().lost_connections; });
}

void BackendMetrics::WatchPublisher(const ports::MarketBus& bus) {
  const auto* kafka = dynamic_cast<const kafka::KafkaMarketBus*>(&bus);
  if (kafka == nullptr) return;
  CountReconnects(kMarket, [kafka] { return std::max<std::uint64_t>(kafka->stats().producers_built, 1) - 1; });
}

void BackendMetrics::WatchPublisher(const ports::NotificationBus& bus) {
  if (const auto* memory = dynamic_cast<const embedded::MemoryNotificationBus*>(&bus)) {
    CountNotifications([memory] { return memory->Stats().unroutable; },
                       [memory] { return memory->Stats().dead_overflow; });
  } else if (const auto* rabbitmq = dynamic_cast<const rabbitmq::RabbitMqNotificationBus*>(&bus)) {
    CountNotifications([rabbitmq] { return rabbitmq->stats().returned; },
                       [rabbitmq] { return rabbitmq->stats().nacked; });
    CountReconnects(kNotifications, [rabbitmq] { return rabbitmq->stats().reconnects; });
  }
}

void BackendMetrics::WatchConsumer(const ports::ExecutionStream& stream) {
  const auto* redis = dynamic_cast<const redis::RedisExecutionStream*>(&stream);
  if (redis == nullptr) return;
  CountReconnects(kExecutions, [redis] { return redis->Stats().lost_connections; });
  Count("mq_consumer_lost_messages_total", "Messages that vanished from the broker before they were acknowledged.",
        Broker(kExecutions), [redis] { return redis->Stats().lost_pending; });
}

void BackendMetrics::WatchConsumer(const ports::NotificationBus& bus) {
  const auto* rabbitmq = dynamic_cast<const rabbitmq::RabbitMqNotificationBus*>(&bus);
  if (rabbitmq == nullptr) return;
  CountReconnects(kNotifications, [rabbitmq] { return rabbitmq->stats().reconnects; });
  Count("mq_private_queues_remade_total", "Private queues that were lost with their connection and made anew.",
        Broker(kNotifications), [rabbitmq] { return rabbitmq->stats().private_queues_remade; });
}

void BackendMetrics::Watch(const ports::Store& store) {
  const auto* postgres = dynamic_cast<const postgres::PostgresStore*>(&store);
  if (postgres == nullptr) return;
  constexpr std::string_view kPool = "db_pool_connections";
  constexpr std::string_view kPoolHelp = "Connections of queries; the writer has one of its own.";
  Show(kPool, kPoolHelp, {{"state", "in_use"}},
       [postgres] { return static_cast<std::int64_t>(postgres->stats().connections_in_use); });
  Show(kPool, kPoolHelp, {{"state", "idle"}},
       [postgres] { return static_cast<std::int64_t>(postgres->stats().connections_idle); });
  Show("db_pool_waiting", "Queries that wait for a connection.", {},
       [postgres] { return static_cast<std::int64_t>(postgres->stats().queries_waiting); });
  Count("db_connections_opened_total", "Connections opened.", {},
        [postgres] { return postgres->stats().connections_opened; });
  Count("db_connections_lost_total", "Connections that broke, or were given up since the server did not answer.", {},
        [postgres] { return postgres->stats().connections_lost; });
}

void BackendMetrics::Watch(const ports::CommandJournal& journal) {
  const auto* two = dynamic_cast<const replicated::ReplicatedJournal*>(&journal);
  if (two == nullptr) return;
  Show("journal_remote_required", "1 while the second copy counts; 0: the file alone does.", {},
       [two] { return two->Stats().remote_required ? 1 : 0; });
  Show("journal_accepting", "0 while commands are refused, since a copy of the journal is lost.", {},
       [two] { return two->Accepting().ok() ? 1 : 0; });
  constexpr std::string_view kConfirmed = "journal_confirmed_sequence";
  constexpr std::string_view kConfirmedHelp = "Last sequence that a copy of the journal holds.";
  Show(kConfirmed, kConfirmedHelp, {{"copy", "own"}},
       [two] { return static_cast<std::int64_t>(two->Stats().own_sequence); });
  Show(kConfirmed, kConfirmedHelp, {{"copy", "remote"}},
       [two] { return static_cast<std::int64_t>(two->Stats().remote_sequence); });
  Show("journal_in_flight", "Frames handed to the journal and not confirmed.", {},
       [two] { return static_cast<std::int64_t>(two->Stats().in_flight); });
  Count("journal_remote_losses_total", "Times that the second copy was lost.", {},
        [two] { return two->Stats().remote_losses; });
  Count("journal_remote_rejoins_total", "Times that the second copy was made equal and counted again.", {},
        [two] { return two->Stats().remote_rejoins; });
  Count(kRepairs, kRepairsHelp, {{"copy", "own"}}, [two] { return two->Stats().own_repairs; });
  Count(kRepairs, kRepairsHelp, {{"copy", "remote"}}, [two] { return two->Stats().remote_repairs; });
  Count("leader_unclean_starts_total", "Times that it led though no copy of the journal was trusted, by an operator.",
        {}, [two] { return two->Stats().unclean_starts; });
  WatchStandbys(*two);
}

// The list is the same all the time.
void BackendMetrics::WatchStandbys(const replicated::ReplicatedJournal& journal) {
  using Standby = replicated::ReplicatedJournalStats::Standby;
  const std::vector<Standby> standbys = journal.Stats().standbys;
  if (standbys.empty()) return;
  for (std::size_t i = 0; i < standbys.size(); ++i) {
    const runtime::Labels labels{{"standby", standbys[i].name}};
    const auto now = [&journal, i] { return journal.Stats().standbys.at(i); };
    Show("journal_standby_required", "1 while the standby's file is in sync and counts.", labels,
         [now] { return now().required ? 1 : 0; });
    Show("journal_standby_sequence", "Last sequence that the standby's file holds.", labels,
         [now] { return static_cast<std::int64_t>(now().sequence); });
    Count("journal_standby_losses_total", "Times that the standby's file was lost.", labels,
          [now] { return now().losses; });
    Count("journal_standby_rejoins_total", "Times that the standby's file was made equal and counted again.", labels,
          [now] { return now().rejoins; });
  }
  Count(kRepairs, kRepairsHelp, {{"copy", "standby"}}, [&journal] {
    std::uint64_t repairs = 0;
    for (const Standby& standby : journal.Stats().standbys) repairs += standby.repairs;
    return repairs;
  });
}

void BackendMetrics::Watch(const zookeeper::ZooKeeperSession* session) {
  if (session == nullptr) return;
  Show("zookeeper_session_up", "1 while the session has a connection.", {},
       [session] { return session->Stats().connected ? 1 : 0; });
  Count("zookeeper_session_expirations_total", "Sessions that expired.", {},
        [session] { return session->Stats().expirations; });
  Count("zookeeper_disconnections_total", "Connections lost; the session goes on with the next one.", {},
        [session] { return session->Stats().disconnections; });
  Count("zookeeper_errors_total", "Steps that failed and are tried again.", {},
        [session] { return session->Stats().errors; });
}

}  // namespace xt::backends
