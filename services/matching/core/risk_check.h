// RiskCheck: the risk rules that are configured for an order's account and symbol, in the order of domain::RiskRule. It
// changes nothing but what it tells: one audit event when a rule was checked. Internal to the engine.
#pragma once

#include <cstdint>

#include "services/matching/core/engine_internal.h"

namespace xt::matching {

// Why this status refuses, for what it refuses; kNone for an active account.
domain::RejectReason RefusalOf(domain::AccountStatus status);

class Engine::RiskCheck {
 public:
  RiskCheck(Engine& engine, const Market& market, const domain::NewOrder& order)
      : engine_(engine),
        market_(market),
        order_(order),
        account_(engine.accounts_.Head(order.account)),
        record_(engine.accounts_.Record(order.account)) {}

  domain::Reject Run();

  // Counts an order that was accepted in the window of the account's order rate.
  static void CountOrder(AccountRecord& account, std::int64_t now_ns);

 private:
  domain::Reject CheckRules();
  [[nodiscard]] domain::Reject CheckStatus();
  [[nodiscard]] domain::Reject CheckOrderRate();
  [[nodiscard]] domain::Reject CheckOpenOrders();
  [[nodiscard]] domain::Reject CheckNotional();
  [[nodiscard]] domain::Reject CheckPosition();
  [[nodiscard]] domain::Reject CheckDeviation();
  // Base units that the account's open buys of the symbol may still bring.
  [[nodiscard]] __int128 OpenBuys() const;
  void Checked(domain::RiskRule rule) { rules_checked_ |= 1u << static_cast<unsigned>(rule); }

  Engine& engine_;
  const Market& market_;
  const domain::NewOrder& order_;
  const AccountHead& account_;
  const AccountRecord& record_;
  std::uint32_t rules_checked_ = 0;
};

}  // namespace xt::matching
