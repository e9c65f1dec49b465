// Runner: one scenario on one engine, line by line. Its commands about orders are in scenario_orders.cc, those about
// everything else in scenario.cc, and what the exchange answers in scenario_answers.cc. Not thread-safe. Internal to the
// scenario runner.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "services/matching/core/engine.h"
#include "tests/scenarios/scenario_words.h"

namespace xt::scenarios {

class Runner {
 public:
  // With `restarts`, the engine goes on from its own snapshot after each command.
  explicit Runner(bool restarts) : restarts_(restarts) {}
  absl::StatusOr<std::string> Run(std::string_view text);

 private:
  absl::Status Do(std::string_view line);
  absl::Status Set(std::string_view verb, Words& words);
  absl::Status Show(std::string_view verb, Words& words);
  absl::Status Trader(std::string_view name, Words& words);
  absl::Status Apply(const domain::CommandBody& body);
  // The engine's state saved and read back must be the same state.
  absl::Status CheckSnapshot();
  void Say(std::string_view answer) { output_ += Text("  ", answer, "\n"); }

  // Reference data, accounts and time.
  absl::Status SetLimit(Words& words);
  absl::Status DefineAnAsset(Words& words);
  absl::Status DefineASymbol(Words& words);
  absl::Status OpenAccount(Words& words);
  absl::Status MoveMoney(std::string_view verb, Words& words);
  absl::Status Transfer(Words& words);
  absl::Status SetStatus(Words& words);
  absl::Status SetAccountStatus(std::string_view verb, Words& words);
  absl::Status Configure(Words& words);
  absl::Status DefineAFeeTier(Words& words);
  absl::Status SetLimits(Words& words);
  absl::Status StartEpoch(Words& words);
  absl::Status PassTime(std::string_view verb, Words& words);

  // What a trader sends.
  struct OrderWords;
  absl::Status Order(domain::AccountId account, std::string_view side, Words& words);
  absl::Status Cancel(domain::AccountId account, Words& words);
  absl::Status CancelAll(domain::AccountId account, Words& words);
  absl::Status Replace(domain::AccountId account, Words& words);
  absl::Status Amend(domain::AccountId account, Words& words);
  absl::Status Countdown(domain::AccountId account, Words& words);
  absl::Status ReadOrder(std::string_view side, Words& words, domain::NewOrder& order);
  absl::Status ReadOrderWord(std::string_view word, Words& words, OrderWords& said, domain::NewOrder& order);
  absl::Status ReadExpireTime(std::string_view text, std::int64_t& expire_time_ms) const;
  // A label is a client order id, or the number of an order: #3.
  absl::Status ReadLabel(std::string_view label, domain::OrderId& id, domain::ClientOrderId& client_id) const;

  // What is shown on request.
  absl::Status ShowBalance(Words& words);
  absl::Status ShowBook(Words& words);
  absl::Status ShowLast(Words& words);
  absl::Status ShowDue();

  // Answers.
  void Tell(const domain::ExecutionReport& report);
  void Tell(const domain::CommandRejected& rejected);
  void Tell(const domain::RiskDecision& decision);
  void Tell(const domain::OrdersCanceled& canceled);
  void Tell(const domain::CountdownChanged& changed);
  void Tell(const domain::AccountChanged& changed);
  void Tell(const domain::FeeTierDefined& defined);
  void Tell(const domain::SymbolLimitsChanged& changed);
  void Tell(const domain::SymbolDefined& defined);
  void Tell(const domain::EpochStarted& started);
  void Tell(const domain::Ticked& ticked);
  // Told only after `show everything`: known from the reports, or shown by `book` and `balance`.
  void Tell(const domain::Trade& trade);
  void Tell(const domain::BookChange& change);
  void Tell(const domain::BalanceChange& change);
  void Tell(const domain::AssetDefined& defined);
  void Tell(const domain::AccountCreated& created);
  // "#3": the order's number, which it gets where it is first told of.
  std::string NumberOf(domain::OrderId id);
  std::string LabelOf(const domain::ExecutionReport& report);
  std::string TermsOf(const domain::ExecutionReport& report) const;
  std::string ProgressOf(const domain::ExecutionReport& report) const;
  [[nodiscard]] std::string_view NameOfAccount(domain::AccountId account) const;

  // Names.
  [[nodiscard]] domain::AssetId AssetOf(std::string_view code) const;
  [[nodiscard]] int DecimalsOf(domain::AssetId asset) const;
  [[nodiscard]] std::string_view CodeOf(domain::AssetId asset) const;
  [[nodiscard]] domain::SymbolId SymbolOf(std::string_view code) const;
  [[nodiscard]] domain::Symbol SymbolOrFirst(domain::SymbolId id) const;
  [[nodiscard]] domain::AccountId AccountOf(std::string_view name) const;

  const bool restarts_;
  matching::EngineConfig config_{
      .max_orders = 1'000, .max_level_pages = 64, .max_client_ids = 1'000, .max_accounts = 100, .max_countdowns = 100};
  std::unique_ptr<matching::Engine> engine_;
  std::string output_;
  std::string line_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 0;
  bool shows_everything_ = false;
  bool replaces_ = false;                         // the refusals of a cancel-replace say whose they are
  std::map<std::uint64_t, std::string> lines_;    // by sequence
  std::map<std::uint64_t, std::size_t> numbers_;  // of the orders, by id
  std::vector<std::uint64_t> ids_;                // by number
  std::map<domain::SymbolId, domain::Price> last_prices_;
};

}  // namespace xt::scenarios
