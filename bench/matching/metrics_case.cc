#include "bench/matching/metrics_case.h"

#include <ctime>
#include <memory>
#include <string>
#include <vector>

#include "bench/matching/market.h"
#include "bench/matching/measure.h"
#include "libs/base/check.h"
#include "libs/domain/event.h"
#include "libs/runtime/metrics.h"
#include "libs/wire/event_codec.h"
#include "services/matching/core/engine.h"
#include "services/matching/metrics.h"

namespace xt::bench {
namespace {

using domain::SequenceNumber;

constexpr std::size_t kFrames = 2'000;
constexpr std::size_t kCommands = 256;  // of a frame
constexpr std::uint32_t kAccounts = 1'000;
constexpr std::int64_t kNowNs = 1'700'000'000'000'000'000;

using Commands = std::vector<domain::Command>;

Commands Setup() {
  const domain::Symbol symbol = BtcKrw();
  Commands commands{{domain::DefineAsset{*domain::AssetCode::From("BTC"), 8}},
                    {domain::DefineAsset{*domain::AssetCode::From("KRW"), 0}},
                    {domain::DefineSymbol{symbol}}};
  for (std::uint32_t i = 1; i <= kAccounts; ++i) {
    commands.push_back({domain::CreateAccount{*domain::AccountName::From("trader-" + std::to_string(i))}});
    for (const domain::AssetId asset : {symbol.base, symbol.quote}) {
      commands.push_back({domain::Deposit{domain::AccountId(i), asset, domain::Amount(9'000'000'000'000'000),
                                          *domain::ClientOrderId::From("funding-" + std::to_string(asset.value()))}});
    }
  }
  return commands;
}

// Price and side look like chance and are the same everywhere; about half of the orders trade.
Commands FrameOf(std::size_t number) {
  Commands commands;
  for (std::size_t i = 0; i < kCommands; ++i) {
    const auto id = static_cast<std::uint32_t>(number * kCommands + i);
    const std::uint32_t chance = (id + 1) * 0x9E37'79B1u;
    domain::NewOrder order;
    order.account = domain::AccountId(1 + (chance >> 9) % kAccounts);
    order.symbol = domain::SymbolId(0);
    order.side = (chance >> 31) == 0 ? domain::Side::kBuy : domain::Side::kSell;
    order.type = domain::OrderType::kLimit;
    order.time_in_force = i % 4 == 0 ? domain::TimeInForce::kIoc : domain::TimeInForce::kGtc;
    order.self_trade_prevention = domain::SelfTradePrevention::kNone;
    order.price = domain::Price(100'000 + static_cast<std::int64_t>((chance >> 4) % 200) - 100);
    order.quantity = domain::Quantity(1 + (chance >> 20) % 10);
    order.client_order_id = *domain::ClientOrderId::From("order-" + std::to_string(id));
    commands.push_back({order});
  }
  return commands;
}

// Of this thread on a processor, so that other processes do not count.
std::int64_t CpuNs() {
  timespec now{};
  XT_CHECK(::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0, "the thread's clock cannot be read");
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

class Matching {
 public:
  explicit Matching(bool with_metrics) : engine_(matching::EngineConfig()) {
    if (with_metrics) metrics_ = std::make_unique<matching::MatchingMetrics>(registry_, "0");
    Apply(Setup());
  }

  void Apply(const Commands& commands) {
    std::vector<domain::CommandResult> results;
    results.reserve(commands.size());
    for (const domain::Command& command : commands) {
      const SequenceNumber sequence(++sequence_);
      const bool timed = metrics_ != nullptr && results.size() % matching::kTimedOneIn == 0;
      const std::int64_t before_ns = timed ? NowNs() : 0;
      const auto events = engine_.Apply(sequence, kNowNs, command);
      if (timed) metrics_->ObserveLatency(NowNs() - before_ns);
      if (metrics_ != nullptr) metrics_->Observe(command, events);
      results.push_back({sequence, kNowNs, {events.begin(), events.end()}});
    }
    const auto batches = wire::EncodeEventBatches(results);
    digest_ = wire::DigestBatches(batches);
    if (metrics_ != nullptr) metrics_->ObserveFrame(engine_, 0, sequence_);
  }

  [[nodiscard]] Hash128 digest() const { return engine_.Digest(); }
  [[nodiscard]] Hash128 last() const { return digest_; }

 private:
  runtime::MetricsRegistry registry_;
  std::unique_ptr<matching::MatchingMetrics> metrics_;
  matching::Engine engine_;
  std::uint64_t sequence_ = 0;
  Hash128 digest_;
};

}  // namespace

MetricsResult RunMetrics(int rounds) {
  std::vector<Commands> frames;
  for (std::size_t i = 0; i < kFrames; ++i) frames.push_back(FrameOf(i));
  MetricsResult best;
  for (int round = 0; round < rounds; ++round) {
    Matching with(true);
    Matching without(false);
    MetricsResult result{kFrames * kCommands, 0, 0, true};
    const auto time = [](Matching& matching, const Commands& commands, std::int64_t& sum) {
      const std::int64_t start_ns = CpuNs();
      matching.Apply(commands);
      sum += CpuNs() - start_ns;
    };
    for (std::size_t i = 0; i < kFrames; ++i) {
      if (i % 2 == 0) time(with, frames[i], result.with_ns);
      time(without, frames[i], result.without_ns);
      if (i % 2 != 0) time(with, frames[i], result.with_ns);
      result.right = result.right && with.last() == without.last();
    }
    result.right = result.right && with.digest() == without.digest();
    if (round == 0 || result.with_ns + result.without_ns < best.with_ns + best.without_ns) best = result;
    if (!result.right) return result;
  }
  return best;
}

}  // namespace xt::bench
