#include "services/sequencer/sequencer_process.h"

#include <utility>

#include "libs/adapters/embedded/file_event_log.h"
#include "libs/adapters/embedded/file_execution_stream.h"
#include "libs/adapters/embedded/file_market_bus.h"
#include "libs/adapters/embedded/memory_notification_bus.h"
#include "libs/adapters/embedded/sole_leader.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/status.h"
#include "services/sequencer/sequencer_app.h"
#include "services/sequencer/sequencer_service.h"
#include "services/sequencer/wal_metrics.h"

namespace xt::sequencer {

// In the order in which they are opened.
struct SequencerProcess::Adapters {
  std::unique_ptr<embedded::SoleLeader> election;
  std::unique_ptr<embedded::FileEventLog> events;
  std::unique_ptr<embedded::FileExecutionStream> executions;
  std::unique_ptr<embedded::FileMarketBus> market;
  embedded::MemoryNotificationBus notifications;
};

// In the order in which they need each other.
struct SequencerProcess::Parts {
  Parts(const SequencerProcessConfig& config, runtime::ServiceContext& context, Adapters& adapters)
      : journal(config.data_folder + "/journal",
                WalMetrics::Hooks(context.metrics, {.segment_bytes = config.journal_segment_bytes})),
        wal_metrics(context.metrics),
        replica(grpc_clients::ConnectMatchingReplica(Client(config, context))),
        queries(grpc_clients::ConnectMatchingQueries(Client(config, context))),
        app(config.service,
            {journal, *replica, *queries, *adapters.events, *adapters.executions, *adapters.market,
             adapters.notifications, *adapters.election},
            context.metrics, context.health, context.clock),
        service(app, {.max_unanswered = config.stream_max_unanswered}) {
    wal_metrics.Watch(journal, config.data_folder);
  }

  static grpc_clients::ClientOptions Client(const SequencerProcessConfig& config,
                                            const runtime::ServiceContext& context) {
    grpc_clients::ClientOptions options;
    options.address = config.matching_address;
    options.max_message_bytes = context.config.grpc_max_message_bytes;
    return options;
  }

  embedded::WalJournal journal;
  WalMetrics wal_metrics;
  std::unique_ptr<ports::MatchingReplica> replica;
  std::unique_ptr<ports::MatchingQueries> queries;
  SequencerApp app;
  SequencerService service;
};

void SequencerProcessConfig::Describe(runtime::ConfigSchema& schema) {
  schema.Path("data", &data_folder,
              {.doc = "Folder of the journal, the outbox and the embedded buses.", .required = true});
  schema.String("matching.address", &matching_address,
                {.doc = "Address of matching's gRPC port; it may be absent.", .required = true, .max_length = 255});
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
  service.Describe(schema);
}

SequencerProcess::SequencerProcess(const SequencerProcessConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

SequencerProcess::~SequencerProcess() = default;

absl::Status SequencerProcess::Start() {
  auto adapters = std::make_unique<Adapters>();
  const std::string& folder = config_.data_folder;
  XT_ASSIGN_OR_RETURN(adapters->election, embedded::SoleLeader::Open(folder + "/leader", context_.config.instance));
  XT_ASSIGN_OR_RETURN(adapters->events,
                      embedded::FileEventLog::Open(folder + "/outbox", {.retain_bytes = config_.outbox_retain_bytes}));
  XT_ASSIGN_OR_RETURN(adapters->executions, embedded::FileExecutionStream::Open(folder + "/executions"));
  XT_ASSIGN_OR_RETURN(adapters->market, embedded::FileMarketBus::Open(folder + "/market"));
  adapters_ = std::move(adapters);
  parts_ = std::make_unique<Parts>(config_, context_, *adapters_);
  parts_->app.OnHalt([this](const absl::Status& reason) { context_.request_shutdown(reason); });
  return parts_->app.Start();
}

std::vector<runtime::GrpcService> SequencerProcess::GrpcServices() { return {parts_->service.service()}; }

void SequencerProcess::Drain(std::chrono::steady_clock::time_point deadline) {
  parts_->app.Drain(deadline);
  parts_->service.EndStreams(deadline);
}

void SequencerProcess::Stop() {
  if (parts_ != nullptr) parts_->app.Stop();
}

}  // namespace xt::sequencer
