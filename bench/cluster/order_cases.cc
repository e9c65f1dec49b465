#include "bench/cluster/order_cases.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/cluster/processor_time.h"
#include "bench/e2e/grpc_driver.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/status.h"
#include "libs/http/client.h"
#include "tools/metrics/metrics_text.h"

namespace xt::bench {
namespace {

using nlohmann::json;

constexpr std::int64_t kWarmUpNs = 1'000'000'000;
constexpr std::int64_t kMillisecondNs = 1'000'000;
constexpr std::int64_t kLearnNs = 30'000'000'000;  // a gateway may be ready before it knows the symbols just made
constexpr std::int64_t kCatchUpNs = 120'000'000'000;

Window WindowOf(const OrderLoad& load) {
  const std::int64_t start_ns = NowNs() + kWarmUpNs;
  return {start_ns, start_ns + load.seconds * 1'000'000'000};
}

// The highest over all series of a metric and all instances of a service.
absl::StatusOr<std::int64_t> MetricOf(const test::Cluster& cluster, const std::string& service,
                                      const std::string& metric) {
  std::int64_t highest = 0;
  for (const json& one : cluster.ready().at("services")) {
    if (one.at("name") != service) continue;
    http::Client client({.port = test::PortOf(one.at("admin").get<std::string>())});
    XT_ASSIGN_OR_RETURN(const http::Response response, client.Get("/metrics"));
    XT_ASSIGN_OR_RETURN(const auto samples, metrics::ParseMetrics(response.body));
    for (const metrics::Sample& sample : metrics::SamplesOf(samples, metric)) {
      highest = std::max(highest, static_cast<std::int64_t>(sample.value));
    }
  }
  return highest;
}

// How many commands PostgreSQL lacks now, and how long until it lacks none of those.
absl::StatusOr<std::pair<std::int64_t, std::int64_t>> Lag(const test::Cluster& cluster) {
  const std::int64_t start_ns = NowNs();
  XT_ASSIGN_OR_RETURN(const std::int64_t head, MetricOf(cluster, "sequencer", "sequencer_sequence"));
  XT_ASSIGN_OR_RETURN(std::int64_t stored, MetricOf(cluster, "persistence", "persistence_committed_sequence"));
  const std::int64_t lag = std::max<std::int64_t>(0, head - stored);
  while (stored < head) {
    if (NowNs() - start_ns > kCatchUpNs) {
      return absl::DeadlineExceededError(absl::StrCat("PostgreSQL has ", stored, " of ", head, " commands"));
    }
    XT_ASSIGN_OR_RETURN(stored, MetricOf(cluster, "persistence", "persistence_committed_sequence"));
  }
  return std::pair{lag, (NowNs() - start_ns) / kMillisecondNs};
}

struct Start {
  std::int64_t sequence = 0;
  ProcessorTime processor;
};

// What the client saw, what the processes took and, the load being over, how far PostgreSQL is behind.
absl::StatusOr<CaseResult> Measured(std::string name, Recorder& recorder, const OrderLoad& load,
                                    const test::Cluster& cluster, const Start& start) {
  XT_ASSIGN_OR_RETURN(const std::int64_t last, MetricOf(cluster, "sequencer", "sequencer_sequence"));
  const auto processor = start.processor.PerOrder(last - start.sequence);
  XT_ASSIGN_OR_RETURN(const auto lag, Lag(cluster));
  CaseResult result{std::move(name),
                    {{"orders_per_s", static_cast<std::int64_t>(recorder.answered()) / load.seconds},
                     {"p50_us", recorder.PercentileNs(500) / 1'000},
                     {"p99_us", recorder.PercentileNs(990) / 1'000},
                     {"p999_us", recorder.PercentileNs(999) / 1'000},
                     {"orders", static_cast<std::int64_t>(recorder.answered())},
                     {"refused", static_cast<std::int64_t>(recorder.refused())},
                     {"lag_commands", lag.first},
                     {"lag_ms", lag.second}}};
  result.figures.insert(result.figures.end(), processor.begin(), processor.end());
  return result;
}

absl::StatusOr<Start> Begin(const test::Cluster& cluster) {
  XT_ASSIGN_OR_RETURN(const std::int64_t sequence, MetricOf(cluster, "sequencer", "sequencer_sequence"));
  return Start{sequence, ProcessorTime(cluster)};
}

// The demo accounts are the first two.
domain::NewOrder OrderOf(const Intent& intent, domain::SymbolId symbol, std::uint64_t number) {
  domain::NewOrder order;
  order.account = domain::AccountId(static_cast<std::uint32_t>(1 + number % 2));
  order.symbol = symbol;
  order.side = intent.buy ? domain::Side::kBuy : domain::Side::kSell;
  order.type = domain::OrderType::kLimit;
  order.time_in_force = intent.operation == Operation::kCross ? domain::TimeInForce::kIoc : domain::TimeInForce::kGtc;
  order.self_trade_prevention = domain::SelfTradePrevention::kNone;
  order.price = domain::Price(intent.price_ticks);
  order.quantity = domain::Quantity(intent.quantity_lots);
  order.client_order_id = *domain::ClientOrderId::From(absl::StrCat("batch-", NowNs(), "-", number));
  return order;
}

// Keeps so many commands unanswered, or sends at a rate as long as there is room for it. `Done` comes from a thread of
// the client.
class BatchDriver {
 public:
  BatchDriver(const test::Cluster& cluster, const Market& market, domain::SymbolId symbol, const OrderLoad& load,
              Window window)
      : flow_(market, load.seed, OrderFlow::kPreload), symbol_(symbol), load_(load), recorder_(window) {
    grpc_clients::ClientOptions options;
    for (const json& one : cluster.ready().at("services")) {
      if (one.at("name") == "sequencer") options.addresses.push_back(one.at("grpc"));
    }
    options.max_in_flight = load.in_flight;
    sequencing_ = grpc_clients::ConnectOrderSequencing(options);
  }

  Recorder Run() {
    std::unique_lock lock(mutex_);
    while (!recorder_.Over()) {
      answered_.wait(lock, [this] { return unanswered_ < load_.in_flight; });
      std::size_t count = load_.in_flight - unanswered_;
      if (load_.per_second > 0) count = std::min(count, WaitUntilDue(lock));
      unanswered_ += count;
      lock.unlock();
      for (std::size_t i = 0; i < count; ++i) Send();
      lock.lock();
    }
    answered_.wait(lock, [this] { return unanswered_ == 0; });
    return std::move(recorder_);
  }

 private:
  [[nodiscard]] std::int64_t DueNs(std::uint64_t number) const {
    return start_ns_ + static_cast<std::int64_t>(number) * 1'000'000'000 / load_.per_second;
  }

  // How many are due; at least one.
  std::size_t WaitUntilDue(std::unique_lock<std::mutex>& lock) {
    lock.unlock();
    if (const std::int64_t early_ns = DueNs(last_) - NowNs(); early_ns > 0) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(std::max(early_ns, kTickNs)));
    }
    const std::int64_t due = (NowNs() - start_ns_) * load_.per_second / 1'000'000'000 + 1;
    lock.lock();
    return static_cast<std::size_t>(due) - last_;
  }

  void Send() {
    Intent intent = flow_.Next();
    if (intent.operation == Operation::kCancel) intent = flow_.NextRest();
    domain::Command command;
    const std::int64_t sent_ns = load_.per_second > 0 ? DueNs(last_) : NowNs();
    command.body = OrderOf(intent, symbol_, ++last_);
    sequencing_->Submit(
        command, [this, sent_ns](const absl::StatusOr<domain::CommandResult>& result) { Done(result, sent_ns); });
  }

  void Done(const absl::StatusOr<domain::CommandResult>& result, std::int64_t sent_ns) {
    const std::int64_t received_ns = NowNs();
    std::lock_guard lock(mutex_);
    --unanswered_;
    answered_.notify_one();
    if (!result.ok()) return recorder_.Fail(result.status().ToString());
    recorder_.Answered(sent_ns, received_ns);
    for (const domain::Event& event : result->events) {
      if (std::holds_alternative<domain::CommandRejected>(event)) recorder_.Fail("an order was refused");
    }
  }

  OrderFlow flow_;
  const domain::SymbolId symbol_;
  const OrderLoad load_;
  const std::int64_t start_ns_ = NowNs();
  std::uint64_t last_ = 0;
  std::mutex mutex_;
  std::condition_variable answered_;
  std::size_t unanswered_ = 0;
  Recorder recorder_;
  std::unique_ptr<ports::OrderSequencing> sequencing_;  // its end answers what is not answered
};

}  // namespace

absl::StatusOr<Market> MarketOf(const test::Cluster& cluster) {
  test::SignedClient client = cluster.client(0);
  const std::int64_t start_ns = NowNs();
  while (true) {
    XT_ASSIGN_OR_RETURN(const test::Answer symbols, client.Get("/v1/symbols"));
    if (symbols.status != 200) return absl::InternalError("no symbols: " + symbols.body.dump());
    absl::StatusOr<Market> market = MakeMarket(symbols.body, "ETH-USDT", "2000", "0.1");
    if (!absl::IsNotFound(market.status()) || NowNs() - start_ns > kLearnNs) return market;
  }
}

absl::StatusOr<CaseResult> BenchOrders(std::string name, const test::Cluster& cluster, const Market& market,
                                       const OrderLoad& load) {
  const json& account = cluster.ready().at("accounts").at(0);
  const GrpcLoad driven{.address = cluster.ready().at("grpc"),
                        .account = {account.at("account"), account.at("apiKey"), account.at("secret")},
                        .in_flight = load.in_flight,
                        .per_second = load.per_second,
                        .seed = load.seed};
  XT_ASSIGN_OR_RETURN(const Start start, Begin(cluster));
  Recorder recorder = DriveGrpc(driven, market, WindowOf(load));
  if (!recorder.error().empty()) return absl::InternalError(recorder.error());
  if (!recorder.OrderIdsAreUnique()) return absl::InternalError("two orders have the same id");
  return Measured(std::move(name), recorder, load, cluster, start);
}

absl::StatusOr<CaseResult> BenchBatches(std::string name, const test::Cluster& cluster, const Market& market,
                                        const OrderLoad& load) {
  test::SignedClient client = cluster.client(0);
  XT_ASSIGN_OR_RETURN(const test::Answer symbols, client.Get("/v1/symbols"));
  std::uint16_t symbol = 0;  // its place in the list is its id
  for (const json& one : symbols.body.at("symbols")) {
    if (one.at("symbol") == market.symbol) break;
    ++symbol;
  }
  XT_ASSIGN_OR_RETURN(const Start start, Begin(cluster));
  Recorder recorder = BatchDriver(cluster, market, domain::SymbolId(symbol), load, WindowOf(load)).Run();
  if (!recorder.error().empty()) return absl::InternalError(recorder.error());
  return Measured(std::move(name), recorder, load, cluster, start);
}

}  // namespace xt::bench
