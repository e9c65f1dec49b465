#include "services/standalone/standalone_app.h"

#include <cstdio>
#include <utility>

#include "libs/adapters/embedded/file_event_log.h"
#include "libs/adapters/embedded/file_execution_stream.h"
#include "libs/adapters/embedded/file_market_bus.h"
#include "libs/adapters/embedded/memory_notification_bus.h"
#include "libs/adapters/embedded/memory_rate_limiter.h"
#include "libs/adapters/embedded/sole_leader.h"
#include "libs/adapters/embedded/sqlite_store.h"
#include "libs/adapters/embedded/wal_journal.h"
#include "libs/backends/backend_metrics.h"
#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "services/gateway/gateway_app.h"
#include "services/market-data/market_data_app.h"
#include "services/matching/matching_app.h"
#include "services/notifier/notifier_app.h"
#include "services/persistence/persistence_app.h"
#include "services/sequencer/sequencer_app.h"
#include "services/sequencer/wal_metrics.h"
#include "services/standalone/ready_text.h"

namespace xt::standalone {
namespace {

constexpr std::chrono::seconds kMarketDataTimeout{30};

}  // namespace

// In the order in which they are opened; the locks first, so that a second process on the same folder changes nothing.
struct StandaloneApp::Adapters {
  std::unique_ptr<embedded::SoleLeader> sequencer_election;
  std::unique_ptr<embedded::SoleLeader> market_data_election;
  std::unique_ptr<embedded::FileEventLog> events;
  std::unique_ptr<embedded::FileExecutionStream> executions;
  std::unique_ptr<embedded::FileMarketBus> market;
  std::unique_ptr<embedded::SqliteStore> store;
  embedded::MemoryNotificationBus notifications;
  embedded::MemoryRateLimiter rate_limiter;
};

// In the order in which they need each other; destroyed the other way round.
struct StandaloneApp::Services {
  Services(const StandaloneConfig& config, runtime::ServiceContext& context, Adapters& adapters)
      : journal(config.data_folder + "/journal",
                sequencer::WalMetrics::Hooks(context.metrics, {.segment_bytes = config.journal_segment_bytes})),
        wal_metrics(context.metrics),
        backend_metrics(context.metrics),
        matching(WithSnapshots(config), context.metrics, context.health, context.clock),
        sequencer(config.sequencer,
                  {journal, matching, matching, *adapters.events, adapters.executions.get(), adapters.market.get(),
                   adapters.notifications, *adapters.sequencer_election},
                  context.metrics, context.health, context.clock),
        persistence(config.persistence, {.stream = adapters.executions.get()}, *adapters.store, context.metrics,
                    context.health, context.clock),
        market_data(config.market_data, *adapters.market, adapters.notifications, matching,
                    *adapters.market_data_election, context.clock, context.metrics, context.health),
        notifier(config.notifier, adapters.notifications, matching, persistence, context.clock, context.metrics,
                 context.health),
        gateway(config.gateway, {sequencer, persistence, market_data, matching, adapters.rate_limiter},
                {.infra_health = [] { return gateway::InfraHealth(); },
                 .notifier_endpoint = [this] { return "127.0.0.1:" + std::to_string(notifier.port()); }},
                context.clock, context.metrics, context.health) {
    wal_metrics.Watch(journal, config.data_folder);
    backend_metrics.WatchPublisher(adapters.notifications);
  }

  static matching::MatchingConfig WithSnapshots(const StandaloneConfig& config) {
    matching::MatchingConfig matching = config.matching;
    if (matching.snapshot_folder.empty()) matching.snapshot_folder = config.data_folder + "/snapshots";
    return matching;
  }

  embedded::WalJournal journal;
  sequencer::WalMetrics wal_metrics;
  backends::BackendMetrics backend_metrics;
  matching::MatchingApp matching;
  sequencer::SequencerApp sequencer;
  persistence::PersistenceApp persistence;
  market_data::MarketDataApp market_data;
  notifier::NotifierApp notifier;
  gateway::GatewayApp gateway;
};

StandaloneApp::StandaloneApp(const StandaloneConfig& config, runtime::ServiceContext& context)
    : config_(config), context_(context) {}

StandaloneApp::~StandaloneApp() = default;

absl::Status StandaloneApp::Start() {
  auto adapters = std::make_unique<Adapters>();
  const std::string& folder = config_.data_folder;
  const std::string& instance = context_.config.instance;
  XT_ASSIGN_OR_RETURN(adapters->sequencer_election, embedded::SoleLeader::Open(folder + "/leader-sequencer", instance));
  XT_ASSIGN_OR_RETURN(adapters->market_data_election,
                      embedded::SoleLeader::Open(folder + "/leader-market-data", instance));
  XT_ASSIGN_OR_RETURN(adapters->events,
                      embedded::FileEventLog::Open(folder + "/outbox", {.retain_bytes = config_.outbox_retain_bytes}));
  XT_ASSIGN_OR_RETURN(adapters->executions, embedded::FileExecutionStream::Open(folder + "/executions"));
  XT_ASSIGN_OR_RETURN(adapters->market, embedded::FileMarketBus::Open(folder + "/market"));
  adapters->store = std::make_unique<embedded::SqliteStore>(folder + "/store.sqlite");
  adapters_ = std::move(adapters);
  services_ = std::make_unique<Services>(config_, context_, *adapters_);
  return StartServices();
}

// Matching and the sequencer first: until the journal is replayed there is nothing to ask. The gateway last: whoever
// reaches it finds everything behind it.
absl::Status StandaloneApp::StartServices() {
  Services& services = *services_;
  services.sequencer.OnHalt([this](const absl::Status& reason) { context_.request_shutdown(reason); });
  XT_RETURN_IF_ERROR(services.matching.Start());
  XT_RETURN_IF_ERROR(services.sequencer.Start());
  XT_RETURN_IF_ERROR(services.sequencer.WaitUntilServing(std::chrono::steady_clock::now() +
                                                         std::chrono::milliseconds(config_.start_timeout_ms)));
  XT_RETURN_IF_ERROR(services.persistence.Start());
  XT_ASSIGN_OR_RETURN(accounts_, bootstrap::Bootstrap({services.sequencer, services.matching, services.persistence},
                                                      config_.demo_accounts));
  XT_RETURN_IF_ERROR(services.market_data.Start());
  XT_RETURN_IF_ERROR(services.notifier.Start());
  const auto deadline = std::chrono::steady_clock::now() + kMarketDataTimeout;
  XT_RETURN_IF_ERROR(services.sequencer.WaitUntilPublished(deadline));
  XT_RETURN_IF_ERROR(services.market_data.WaitUntilCurrent(deadline));
  XT_RETURN_IF_ERROR(services.notifier.WaitUntilCurrent(deadline));
  return services.gateway.Start();
}

std::vector<runtime::GrpcService> StandaloneApp::GrpcServices() { return services_->gateway.GrpcServices(); }

absl::Status StandaloneApp::OnServing(const runtime::Endpoints& endpoints) {
  const std::string rest_url = services_->gateway.rest_url();
  const std::string ready_file = config_.data_folder + "/ready.json";
  XT_RETURN_IF_ERROR(runtime::WriteFileAtomically(ready_file, ReadyJson(rest_url, endpoints, accounts_)));
  std::fputs(Summary(rest_url, endpoints, accounts_, config_.data_folder, context_.config.log_file).c_str(), stdout);
  std::fflush(stdout);
  return absl::OkStatus();
}

std::string StandaloneApp::ReadyFile(const runtime::Endpoints& endpoints) {
  return ReadyJson(services_->gateway.rest_url(), endpoints, accounts_);
}

// From the edge inwards: nothing new comes in, what was accepted is answered, published and stored.
void StandaloneApp::Drain(std::chrono::steady_clock::time_point deadline) {
  services_->gateway.Drain(deadline);
  services_->sequencer.Drain(deadline);
  services_->persistence.Drain(deadline);
  services_->notifier.Drain(deadline);
  services_->market_data.Drain(deadline);
}

void StandaloneApp::Stop() {
  if (!services_) return;
  services_->gateway.Stop();
  services_->notifier.Stop();
  services_->market_data.Stop();
  services_->sequencer.Stop();
  services_->matching.Stop();
  services_->persistence.Stop();
}

}  // namespace xt::standalone
