// RandomCommands: a seeded stream of commands for the comparison of two engines. Few accounts, few symbols and narrow
// prices, so that orders really meet; every order type, every other command, resent ids, and hostile values. It listens to
// the events to know which orders are open and what the prices are. The same seed gives the same stream on all machines.
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/event.h"

namespace xt::scenarios {

// xoshiro256**, with draws of its own: those of <random> differ between libraries.
class Random {
 public:
  explicit Random(std::uint64_t seed);
  std::uint64_t Next();
  // 0..n-1
  std::uint64_t Below(std::uint64_t n) { return Next() % n; }
  std::int64_t Between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(Below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool OneIn(std::uint64_t n) { return Below(n) == 0; }
  template <typename T, std::size_t N>
  T Pick(const T (&values)[N]) {
    return values[Below(N)];
  }
  template <typename T>
  const T& Pick(const std::vector<T>& values) {
    return values[Below(values.size())];
  }

 private:
  std::uint64_t state_[4];
};

class RandomCommands {
 public:
  // `jump_one_in`: how rarely a day passes between two commands.
  RandomCommands(std::uint64_t seed, std::uint64_t jump_one_in) : random_(seed), jump_one_in_(jump_one_in) {}

  // Assets, symbols, fee tiers, accounts and their first deposits.
  std::vector<domain::Command> Setup();
  [[nodiscard]] std::int64_t DrawStepNs();
  // A command for journal time `now_ns`. Order ids in it are those of the events that were observed.
  domain::Command Draw(std::int64_t now_ns);
  void Observe(const std::vector<domain::Event>& events);

 private:
  struct Open {
    domain::OrderId id;
    domain::AccountId account;
    domain::ClientOrderId client_order_id;
    std::int64_t quantity = 0;
    std::int64_t executed = 0;
  };
  struct Place {
    std::int64_t centre = 100;
    std::int64_t last = 0;
    domain::SymbolStatus status = domain::SymbolStatus::kTrading;
  };

  domain::CommandBody DrawBody();
  domain::CommandBody Resend();
  domain::NewOrder DrawOrder();
  domain::NewOrder DrawSensibleOrder();
  void DrawPrices(domain::NewOrder& order);
  void DrawQuantity(domain::NewOrder& order);
  void Spoil(domain::NewOrder& order);
  domain::CancelOrder DrawCancel();
  domain::CommandBody DrawAmend();
  domain::CommandBody DrawCancelReplace();
  domain::CommandBody DrawCancelAll();
  domain::CommandBody DrawCountdown();
  domain::CommandBody DrawTransfer();
  domain::CommandBody DrawAccountStatus();
  domain::CommandBody DrawAccountSettings();
  domain::CommandBody DrawSymbolStatus();
  domain::CommandBody DrawSymbolLimits();
  domain::CommandBody DrawFeeTier();
  domain::CommandBody DrawReferenceData();

  domain::AccountId DrawAccount();
  domain::SymbolId DrawSymbol();
  domain::OrderGroup DrawGroup();
  domain::ClientOrderId FreshId();
  Place& PlaceOf(domain::SymbolId symbol);
  [[nodiscard]] std::int64_t Hostile();

  Random random_;
  const std::uint64_t jump_one_in_;
  std::int64_t now_ns_ = 0;
  std::uint64_t next_id_ = 0;
  std::uint32_t accounts_ = 0;
  std::vector<Place> places_;
  Place nowhere_;  // of symbols that do not exist
  std::vector<Open> open_;
  std::map<std::uint64_t, std::size_t> where_;  // order id: place in open_
  std::vector<domain::AccountId> not_active_;
  std::vector<domain::CommandBody> sent_;
};

}  // namespace xt::scenarios
