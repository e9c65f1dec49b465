// SecondEngine: the naive engine on the same commands as the real one, with the same capacities. It numbers orders its
// own way; what it says is compared as if it did not. Not thread-safe.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "libs/domain/level_book.h"
#include "tools/oracle/naive_engine.h"
#include "tools/xtraderctl/journal/player.h"

namespace xt::ctl {

class SecondEngine {
 public:
  SecondEngine();

  // What it says otherwise than the real engine, in words; empty when nothing. Not to be called again after a
  // difference.
  std::string Take(const Step& step);
  // Which balance or book is another one than the real engine's; empty when none. Slow.
  [[nodiscard]] std::string CompareState(const matching::Engine& engine) const;
  // Of a symbol that exists, at the last command.
  [[nodiscard]] domain::BookSnapshot BookOf(domain::SymbolId symbol) const;

 private:
  [[nodiscard]] domain::Command Translated(const domain::Command& command) const;
  domain::OrderId Number(domain::OrderId id);

  oracle::NaiveEngine engine_;
  std::unordered_map<std::uint64_t, std::uint64_t> numbers_;  // by the real engine's order id
  std::uint64_t sequence_ = 0;
};

}  // namespace xt::ctl
