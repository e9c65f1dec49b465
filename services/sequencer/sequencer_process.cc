#include "services/sequencer/sequencer_process.h"

#include <optional>
#include <utility>

#include "libs/adapters/embedded/file_event_log.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/backends/backend_metrics.h"
#include "libs/base/status.h"
#include "libs/ports/fenced.h"
#include "libs/runtime/grpc_client_metrics.h"
#include "libs/runtime/infra_service.h"
#include "libs/runtime/log.h"
#include "services/sequencer/fenced_writes.h"
#include "services/sequencer/journal_copy_service.h"
#include "services/sequencer/sequencer_app.h"
#include "services/sequencer/sequencer_service.h"
#include "services/sequencer/standby_file.h"
#include "services/sequencer/wal_metrics.h"

namespace xt::sequencer {
namespace {

grpc_clients::ClientOptions ClientOf(std::vector<std::string> addresses, const runtime::ServiceContext& context) {
  grpc_clients::ClientOptions options;
  options.addresses = std::move(addresses);
  options.max_message_bytes = context.config.grpc_max_message_bytes;
  options.interceptors = runtime::CountGrpcClientCalls(context.metrics);
  return options;
}

// The files of the other sequencers.
std::vector<replicated::StandbyCopy> StandbyCopies(const SequencerProcessConfig& config,
                                                   const runtime::ServiceContext& context) {
  std::vector<replicated::StandbyCopy> copies;
  for (const std::string& address : config.servers.durability.standby_addresses) {
    copies.push_back({address, grpc_clients::ConnectJournalCopy(ClientOf({address}, context))});
  }
  return copies;
}

}  // namespace

// In the order in which they are opened.
struct SequencerProcess::Adapters {
  runtime::HealthCheck* copies = nullptr;                  // null: one copy is enough
  std::unique_ptr<StandbyFile> standby_file;               // null: it holds no copy for others
  std::shared_ptr<zookeeper::ZooKeeperSession> zookeeper;  // null: not used
  std::unique_ptr<ports::InSyncSet> in_sync;
  std::unique_ptr<ports::CommandJournal> journal;
  const embedded::WalJournal* file = nullptr;  // the journal, or its own copy
  std::unique_ptr<ports::LeaderElection> election;
  std::unique_ptr<embedded::FileEventLog> events;
  std::unique_ptr<ports::ExecutionStream> executions;  // null: off
  std::unique_ptr<ports::MarketBus> market;            // null: off
  std::unique_ptr<ports::NotificationBus> notifications;
};

// In the order in which they need each other.
struct SequencerProcess::Parts {
  Parts(const SequencerProcessConfig& config, runtime::ServiceContext& context, Adapters& adapters)
      : wal_metrics(context.metrics),
        backend_metrics(context.metrics),
        replica(grpc_clients::ConnectMatchingReplica(Client(config, context))),
        standbys(ConnectStandbys(config, context)),
        snapshots(ConnectSnapshots(config, context)),
        queries(grpc_clients::ConnectMatchingQueries(Client(config, context))),
        app(config.service,
            {*adapters.journal, *replica, *queries, *adapters.events, adapters.executions.get(), adapters.market.get(),
             *adapters.notifications, *adapters.election, Named(standbys, config), Keepers(snapshots, config)},
            context.metrics, context.health, context.clock),
        service(app, {.max_unanswered = config.stream_max_unanswered,
                      .instance = context.config.instance,
                      .step_down = [this, &context](bool force) { return StepDown(context, force); }}),
        infra(context.health) {
    if (adapters.standby_file != nullptr) {
      copy_service.emplace(*adapters.standby_file);
      app.BeforeLeading([&file = *adapters.standby_file] { file.Release(); });
    }
    wal_metrics.Watch(*adapters.file, config.data_folder);
    backend_metrics.Watch(*adapters.journal);
    if (!config.servers.redis_journal.empty()) {
      const std::string mode(backends::DurabilityName(config.servers.durability.Chosen(true)));
      context.metrics.Gauge("journal_durability", "1 for the mode that is configured.", {{"mode", mode}}).Set(1);
    }
    if (adapters.executions != nullptr) backend_metrics.WatchPublisher(*adapters.executions);
    if (adapters.market != nullptr) backend_metrics.WatchPublisher(*adapters.market);
    backend_metrics.WatchPublisher(*adapters.notifications);
    backend_metrics.Watch(adapters.zookeeper.get());
    // Only who leads publishes. A bus that does not take it has its check degraded, since the sequencer goes on.
    const auto bus = [&](const char* server, const std::string& address, const char* check) {
      infra.Add({server, address, check, "leader", ports::ServerStatus::kDown});
    };
    bus("redis", config.servers.redis, "bus.executions");
    bus("kafka", config.servers.kafka, "bus.market");
    bus("rabbitmq", config.servers.rabbitmq, "bus.notifications");
    infra.Add(backends::ZooKeeperProbe(adapters.zookeeper.get()));
  }

  absl::StatusOr<domain::Epoch> StepDown(runtime::ServiceContext& context, bool force) {
    XT_ASSIGN_OR_RETURN(const domain::Epoch epoch, app.StepDown(force));
    context.request_shutdown(absl::OkStatus());
    return epoch;
  }

  static grpc_clients::ClientOptions Client(const SequencerProcessConfig& config,
                                            const runtime::ServiceContext& context) {
    return ClientOf(config.matching_addresses, context);
  }

  using Replicas = std::vector<std::unique_ptr<ports::MatchingReplica>>;

  // One replica alone has nobody to stand by for.
  static Replicas ConnectStandbys(const SequencerProcessConfig& config, const runtime::ServiceContext& context) {
    Replicas replicas;
    if (config.matching_addresses.size() == 1) return replicas;
    grpc_clients::ClientOptions options = Client(config, context);
    for (const std::string& address : config.matching_addresses) {
      options.addresses = {address};
      replicas.push_back(grpc_clients::ConnectMatchingReplica(options));
    }
    return replicas;
  }
  using Snapshots = std::vector<std::unique_ptr<ports::ReplicaSnapshots>>;

  static Snapshots ConnectSnapshots(const SequencerProcessConfig& config, const runtime::ServiceContext& context) {
    Snapshots snapshots;
    grpc_clients::ClientOptions options = Client(config, context);
    for (const std::string& address : config.matching_addresses) {
      options.addresses = {address};
      snapshots.push_back(grpc_clients::ConnectReplicaSnapshots(options));
    }
    return snapshots;
  }
  static std::vector<SnapshotKeeper> Keepers(const Snapshots& snapshots, const SequencerProcessConfig& config) {
    std::vector<SnapshotKeeper> keepers;
    for (std::size_t i = 0; i < snapshots.size(); ++i) {
      keepers.push_back({config.matching_addresses[i], snapshots[i].get()});
    }
    return keepers;
  }
  static std::vector<SequencerPorts::Standby> Named(const Replicas& replicas, const SequencerProcessConfig& config) {
    std::vector<SequencerPorts::Standby> named;
    for (std::size_t i = 0; i < replicas.size(); ++i) {
      named.push_back({config.matching_addresses[i], replicas[i].get()});
    }
    return named;
  }

  WalMetrics wal_metrics;
  backends::BackendMetrics backend_metrics;
  std::unique_ptr<ports::MatchingReplica> replica;
  const Replicas standbys;
  const Snapshots snapshots;
  std::unique_ptr<ports::MatchingQueries> queries;
  SequencerApp app;
  SequencerService service;
  std::optional<JournalCopyService> copy_service;
  runtime::InfraService infra;
};

void SequencerProcessConfig::Describe(runtime::ConfigSchema& schema) {
  schema.Path("data", &data_folder,
              {.doc = "Folder of the journal, the outbox and the embedded buses.", .required = true});
  schema.StringList(
      "matching.addresses", &matching_addresses,
      {.doc = "Host and gRPC port of each replica of matching: one works for the leader, the others are hot "
              "standbys. All may be absent.",
       .min_items = 1,
       .max_items = 16});
  schema.Int64(
      "journal.segment_bytes", &journal_segment_bytes,
      {.min = 1 << 20, .max = 1 << 30, .unit = "bytes", .doc = "Size of one preallocated file of the journal."});
  schema.Int64("outbox.retain_bytes", &outbox_retain_bytes,
               {.min = 0, .unit = "bytes", .doc = "Outbox kept although every bus has it; 0 keeps everything."});
  schema.Int64("submit.stream_max_unanswered", &stream_max_unanswered,
               {.min = 1,
                .max = 1'000'000,
                .unit = "commands",
                .doc = "Commands of one gRPC stream without an answer; beyond it the stream is not read."});
  servers.DescribeRedisJournal(schema);
  servers.DescribeRedis(schema);
  servers.DescribeKafka(schema);
  servers.DescribeRabbitMq(schema);
  servers.DescribeZooKeeper(schema);
  service.Describe(schema);
}

SequencerProcess::SequencerProcess(const SequencerProcessConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

SequencerProcess::~SequencerProcess() = default;

absl::Status SequencerProcess::Start() {
  auto adapters = std::make_unique<Adapters>();
  const std::string& folder = config_.data_folder;
  const backends::BackendConfig& servers = config_.servers;
  const std::string& shard = config_.service.shard;
  const bool with_redis_journal = !servers.redis_journal.empty();
  XT_ASSIGN_OR_RETURN(adapters->zookeeper, backends::OpenZooKeeper(servers, context_.metrics));
  adapters->in_sync = backends::MakeInSyncSet(adapters->zookeeper, shard);
  if (servers.durability.MinCopies(with_redis_journal) > 1) {
    adapters->copies = &context_.health.AddCheck("journal.copies", runtime::Dependency::kHard);
    adapters->copies->SetOk();  // who does not lead needs none
  }
  // Where several copies can be lost not each loss stops it.
  const auto on_copy = [adapters = adapters.get()](const absl::Status& /*status*/) {
    if (adapters->copies == nullptr) return;
    const absl::Status accepting = adapters->journal->Accepting();
    accepting.ok() ? adapters->copies->SetOk()
                   : adapters->copies->Set(runtime::HealthStatus::kDown, MessageOf(accepting));
  };
  const std::string journal_folder = folder + "/journal";
  const embedded::WalOptions wal =
      WalMetrics::Hooks(context_.metrics, {.segment_bytes = config_.journal_segment_bytes});
  if (servers.durability.Chosen(with_redis_journal) == backends::Durability::kLocalRedisAndStandbys) {
    adapters->standby_file = std::make_unique<StandbyFile>(
        [journal_folder, wal] { return std::make_unique<embedded::WalJournal>(journal_folder, wal); });
  }
  auto file = std::make_unique<embedded::WalJournal>(journal_folder, wal);
  adapters->file = file.get();
  XT_ASSIGN_OR_RETURN(adapters->journal,
                      backends::MakeJournal(servers, shard, std::move(file), adapters->in_sync.get(), on_copy,
                                            backends::AuditUncleanStarts(adapters->zookeeper, shard),
                                            StandbyCopies(config_, context_)));
  XT_ASSIGN_OR_RETURN(adapters->election, backends::OpenElection(adapters->zookeeper, "sequencer-" + shard,
                                                                 context_.config.instance, folder + "/leader"));
  XT_ASSIGN_OR_RETURN(adapters->events,
                      embedded::FileEventLog::Open(folder + "/outbox", {.retain_bytes = config_.outbox_retain_bytes}));
  // With one of the two servers the other bus is off: embedded in this process nobody would read it.
  if (!servers.redis.empty() || servers.kafka.empty()) {
    XT_ASSIGN_OR_RETURN(adapters->executions, backends::OpenExecutionStream(servers, shard, folder + "/executions"));
  }
  if (!servers.kafka.empty() || servers.redis.empty()) {
    XT_ASSIGN_OR_RETURN(adapters->market, backends::OpenMarketBus(servers, folder + "/market"));
  }
  XT_ASSIGN_OR_RETURN(adapters->notifications, backends::OpenNotificationBus(servers));
  adapters_ = std::move(adapters);
  parts_ = std::make_unique<Parts>(config_, context_, *adapters_);
  const FencedWrites fenced(folder + "/fenced-writes");
  parts_->app.CountFenced(fenced.Count());
  parts_->app.OnHalt([this, fenced](const absl::Status& reason) {
    if (ports::IsFenced(reason)) {
      const absl::Status added = fenced.Add(reason, context_.clock.WallNs());
      if (!added.ok())
        runtime::Log(runtime::LogLevel::kWarn, "a fenced write is not counted", {runtime::LogField(added)});
    }
    context_.request_shutdown(reason);
  });
  return parts_->app.Start();
}

std::vector<runtime::GrpcService> SequencerProcess::GrpcServices() {
  std::vector<runtime::GrpcService> services{parts_->service.service(), parts_->infra.service()};
  if (parts_->copy_service) services.push_back(parts_->copy_service->service());
  return services;
}

// The file is given up first: whoever leads is to know at once, and goes on without it.
void SequencerProcess::Drain(std::chrono::steady_clock::time_point deadline) {
  if (parts_->copy_service) parts_->copy_service->EndStreams(deadline);
  parts_->app.Drain(deadline);
  parts_->service.EndStreams(deadline);
}

void SequencerProcess::Stop() {
  if (parts_ != nullptr) parts_->app.Stop();
}

}  // namespace xt::sequencer
