// Comparison: the engine and the naive engine on the same random commands. After every command it compares all events and
// the balances of the traders, and every few commands the books, all balances, the next due time and the engine's own
// invariants; the engine's balance and book events alone must rebuild its state. Now and then the engine is replaced by
// one that was restored from its snapshot. The first difference ends it. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "libs/domain/level_book.h"
#include "services/matching/core/engine.h"
#include "tests/scenarios/random_commands.h"
#include "tools/oracle/naive_engine.h"

namespace xt::scenarios {

using oracle::NaiveEngine;
using oracle::NaiveLimits;

struct ComparisonConfig {
  std::uint64_t seed = 1;
  NaiveLimits limits;
  std::uint64_t jump_one_in = 8'000;  // as in RandomCommands
  std::uint64_t check_every = 64;     // commands, for what is slow
  std::uint64_t restart_every = 1'999;
};

class Comparison {
 public:
  explicit Comparison(const ComparisonConfig& config);

  // What is different, in words; empty when nothing is.
  std::string Run(int commands);
  // How often each kind of report, refusal and other event occurred.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& seen() const { return seen_; }

 private:
  bool Step(std::int64_t now_ns, const domain::Command& command);
  [[nodiscard]] domain::Command ForEngine(const domain::Command& command) const;
  // Takes the engine's event: into `said` with naive ids, or into the shadow of balances and books.
  void Take(const domain::Event& event, std::vector<domain::Event>& said);
  void TakeBalance(const domain::BalanceChange& change);
  void TakeBook(const domain::BookChange& change);
  domain::OrderId ToNaive(domain::OrderId id);
  void CheckDeltas(const domain::Command& command);
  void CompareBalances(std::uint32_t accounts);
  void CompareBooks();
  void CompareEverything();
  // Goes on with an engine that was restored from a snapshot of this one.
  void Restart();
  void Count(const std::vector<domain::Event>& events);
  void Different(const std::string& what) {
    if (difference_.empty()) difference_ = what;
  }

  const ComparisonConfig config_;
  RandomCommands source_;
  std::unique_ptr<matching::Engine> engine_;
  NaiveEngine naive_;
  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = 1'700'000'000'000'000'000;
  std::string difference_;
  std::deque<std::string> recent_;

  // The engine's ids by the order of their appearance: 1, 2, 3.
  std::unordered_map<std::uint64_t, std::uint64_t> to_naive_;
  std::vector<domain::OrderId> to_engine_;

  std::map<std::pair<std::uint32_t, std::uint16_t>, matching::Balance> balances_;
  std::map<std::uint16_t, domain::LevelBook> books_;
  std::map<std::uint16_t, __int128> deltas_;
  std::map<std::tuple<std::uint16_t, domain::Side, std::int64_t>, int> levels_told_;
  std::map<std::string, std::uint64_t> seen_;
};

}  // namespace xt::scenarios
