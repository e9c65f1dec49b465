#include "tests/scenarios/naive_comparison.h"

#include <algorithm>
#include <memory>
#include <sstream>
#include <tuple>
#include <utility>
#include <variant>

#include "libs/domain/names.h"
#include "tests/scenarios/balance_story.h"
#include "tools/oracle/describe.h"

namespace xt::scenarios {

using namespace domain;  // NOLINT
using matching::Balance;
using oracle::Describe;

namespace {

constexpr std::uint32_t kTraders = 6;
constexpr std::size_t kRecent = 12;

matching::EngineConfig EngineConfigOf(const NaiveLimits& limits) {
  matching::EngineConfig config;
  config.max_orders = static_cast<std::uint32_t>(limits.max_orders);
  config.max_client_ids = static_cast<std::uint32_t>(limits.max_client_ids);
  config.max_countdowns = static_cast<std::uint32_t>(limits.max_countdowns);
  config.max_level_pages = static_cast<std::uint32_t>(limits.max_price_blocks);
  config.max_accounts = static_cast<std::uint32_t>(limits.max_accounts);
  config.max_assets = static_cast<std::uint16_t>(limits.max_assets);
  config.max_symbols = static_cast<std::uint16_t>(limits.max_symbols);
  config.client_id_retention_ns = limits.retention_ns;
  return config;
}

std::string Name(const ExecutionReport& r) {
  return std::string(NameOf(r.type)) + " " + std::string(NameOf(r.execution_type)) + " " +
         std::string(NameOf(r.status));
}

// Without what both said first.
std::string DescribeDifference(const std::vector<Event>& engine, const std::vector<Event>& naive) {
  const auto [a, b] = std::mismatch(engine.begin(), engine.end(), naive.begin(), naive.end());
  return std::to_string(a - engine.begin()) +
         " events are equal, then\nthe engine:" + Describe(std::vector<Event>(a, engine.end())) +
         "\nthe naive engine:" + Describe(std::vector<Event>(b, naive.end()));
}

}  // namespace

Comparison::Comparison(const ComparisonConfig& config)
    : config_(config),
      source_(config.seed, config.jump_one_in),
      engine_(std::make_unique<matching::Engine>(EngineConfigOf(config.limits))),
      naive_(config.limits) {}

std::string Comparison::Run(int commands) {
  for (const Command& command : source_.Setup()) {
    if (!Step(now_ns_, command)) return difference_;
  }
  for (int i = 0; i < commands; ++i) {
    const std::int64_t now_ns = now_ns_ + source_.DrawStepNs();
    if (!Step(now_ns, source_.Draw(now_ns))) return difference_;
  }
  CompareEverything();
  return difference_;
}

bool Comparison::Step(std::int64_t now_ns, const Command& command) {
  ++sequence_;
  now_ns_ = now_ns;
  recent_.push_back(std::to_string(sequence_) + " at " + std::to_string(now_ns) + ": " + Describe(command));
  if (recent_.size() > kRecent) recent_.pop_front();
  deltas_.clear();
  levels_told_.clear();

  std::vector<Event> said;
  const auto events = engine_->Apply(SequenceNumber(sequence_), now_ns, ForEngine(command));
  for (const Event& event : events) Take(event, said);
  const auto symbol_of = [this](SymbolId symbol) { return engine_->symbol(symbol); };
  if (const std::string wrong = CheckBalanceStory(command, events, symbol_of); !wrong.empty()) Different(wrong);
  if (!difference_.empty()) difference_ += "\nall events:" + Describe(std::vector<Event>(events.begin(), events.end()));
  const std::vector<Event> expected = naive_.Apply(sequence_, now_ns, command);
  if (said != expected) Different(DescribeDifference(said, expected));
  CheckDeltas(command);
  CompareBalances(kTraders + 1);
  if (sequence_ % config_.check_every == 0) CompareEverything();
  if (sequence_ % config_.restart_every == 0) Restart();
  source_.Observe(expected);
  Count(expected);
  if (difference_.empty()) return true;
  std::string history;
  for (const std::string& line : recent_) history += "\n  " + line;
  difference_ = "seed " + std::to_string(config_.seed) + ", sequence " + std::to_string(sequence_) + ", after" +
                history + "\n" + difference_;
  return false;
}

Command Comparison::ForEngine(const Command& command) const {
  // Ids that nobody gave stay what they are.
  const auto translate = [this](OrderId& id) {
    if (id.value() != 0 && id.value() <= to_engine_.size()) id = to_engine_[id.value() - 1];
  };
  Command changed = command;
  if (auto* cancel = std::get_if<CancelOrder>(&changed.body)) translate(cancel->order_id);
  if (auto* amend = std::get_if<AmendOrder>(&changed.body)) translate(amend->order_id);
  if (auto* replace = std::get_if<CancelReplace>(&changed.body)) translate(replace->cancel_order_id);
  return changed;
}

OrderId Comparison::ToNaive(OrderId id) {
  if (id.value() == 0) return id;
  const auto [at, fresh] = to_naive_.emplace(id.value(), to_engine_.size() + 1);
  if (fresh) to_engine_.push_back(id);
  return OrderId(at->second);
}

void Comparison::Take(const Event& event, std::vector<Event>& said) {
  if (const auto* balance = std::get_if<BalanceChange>(&event)) return TakeBalance(*balance);
  if (const auto* book = std::get_if<BookChange>(&event)) return TakeBook(*book);
  said.push_back(event);
  if (auto* report = std::get_if<ExecutionReport>(&said.back())) report->order_id = ToNaive(report->order_id);
  if (auto* trade = std::get_if<Trade>(&said.back())) {
    trade->maker_order_id = ToNaive(trade->maker_order_id);
    trade->taker_order_id = ToNaive(trade->taker_order_id);
  }
}

void Comparison::TakeBalance(const BalanceChange& change) {
  Balance& shadow = balances_[{change.account.value(), change.asset.value()}];
  shadow.available += change.available_delta.value();
  shadow.locked += change.locked_delta.value();
  deltas_[change.asset.value()] += change.available_delta.value() + change.locked_delta.value();
  if (shadow.available != change.available.value() || shadow.locked != change.locked.value()) {
    Different("balance changes that do not add up: " + Describe(Event{change}));
  }
  if (shadow.available < 0 || shadow.locked < 0) Different("a negative balance: " + Describe(Event{change}));
}

void Comparison::TakeBook(const BookChange& change) {
  if (++levels_told_[{change.symbol.value(), change.side, change.price.value()}] > 1) {
    Different("a level is told twice: " + Describe(Event{change}));
  }
  books_[change.symbol.value()].Apply(SequenceNumber(sequence_), change);
  if ((change.order_count == 0) != (change.quantity.value() == 0)) {
    Different("a count of orders that does not fit: " + Describe(Event{change}));
  }
}

void Comparison::CheckDeltas(const Command& command) {
  if (std::holds_alternative<Deposit>(command.body) || std::holds_alternative<Withdraw>(command.body)) return;
  for (const auto& [asset, delta] : deltas_) {
    if (delta != 0) Different("asset " + std::to_string(asset) + " was created or destroyed");
  }
}

void Comparison::CompareBalances(std::uint32_t accounts) {
  const auto count = static_cast<std::uint32_t>(naive_.accounts());
  for (std::uint32_t account = 0; account < std::min(accounts, count); ++account) {
    for (std::uint16_t asset = 0; asset < naive_.assets(); ++asset) {
      const Balance engine = engine_->accounts().At(AccountId(account), AssetId(asset));
      const NaiveEngine::Money naive = naive_.MoneyOf(account, asset);
      const auto told = balances_.find({account, asset});
      const Balance shadow = told == balances_.end() ? Balance{} : told->second;
      const bool same = engine.available == naive.available && engine.locked == naive.locked;
      if (same && engine == shadow) continue;
      std::ostringstream text;
      text << "account " << account << " asset " << asset << ": engine " << engine.available << " + " << engine.locked
           << ", naive " << naive.available << " + " << naive.locked << ", told " << shadow.available << " + "
           << shadow.locked;
      Different(text.str());
    }
  }
}

void Comparison::CompareBooks() {
  for (std::uint16_t symbol = 0; symbol < naive_.symbols(); ++symbol) {
    const BookSnapshot engine = engine_->Snapshot(SymbolId(symbol), 0);
    if (engine != naive_.BookOf(symbol, sequence_)) Different("the book of symbol " + std::to_string(symbol));
    BookSnapshot told = books_[symbol].Snapshot(SymbolId(symbol), 0);
    told.sequence = engine.sequence;
    if (engine != told) Different("the events do not tell the book of symbol " + std::to_string(symbol));
  }
}

void Comparison::CompareEverything() {
  CompareBooks();
  CompareBalances(static_cast<std::uint32_t>(naive_.accounts()));
  if (engine_->next_due_ns() != naive_.NextDueNs()) {
    Different("the next due time: engine " + std::to_string(engine_->next_due_ns()) + ", naive " +
              std::to_string(naive_.NextDueNs()));
  }
  if (const std::string broken = engine_->CheckInvariants(); !broken.empty()) Different("broken: " + broken);
}

void Comparison::Restart() {
  std::string error;
  auto restored = matching::Engine::RestoreSnapshot(EngineConfigOf(config_.limits), engine_->SaveSnapshot(), &error);
  if (restored == nullptr) return Different("a snapshot cannot be restored: " + error);
  if (restored->Digest() != engine_->Digest()) Different("the digest of what was restored");
  engine_ = std::move(restored);
}

void Comparison::Count(const std::vector<Event>& events) {
  for (const Event& event : events) {
    if (const auto* report = std::get_if<ExecutionReport>(&event)) {
      ++seen_[Name(*report)];
    } else if (const auto* rejected = std::get_if<CommandRejected>(&event)) {
      const std::string reason =
          rejected->reason == RejectReason::kNone ? "REPEATED" : std::string(RejectReasonCode(rejected->reason));
      ++seen_[reason + " " + std::string(rejected->field.view())];
    } else if (const auto* risk = std::get_if<RiskDecision>(&event)) {
      ++seen_["risk " +
              (risk->reason == RejectReason::kNone ? "allowed" : std::string(RejectReasonCode(risk->reason)))];
    } else if (const auto* canceled = std::get_if<OrdersCanceled>(&event)) {
      ++seen_[std::string(NameOf(canceled->reason)) + (canceled->count == 0 ? " none" : " some")];
    } else {
      const std::string text = Describe(event);
      ++seen_[text.substr(0, text.find(' '))];
    }
  }
}

}  // namespace xt::scenarios
