// OrderLife: every event that touched one order: its reports, its trades, and what it moved in balances. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/domain/event.h"
#include "tools/xtraderctl/journal/player.h"

namespace xt::ctl {

struct LifeEvent {
  domain::EventId id;
  std::int64_t timestamp_ns = 0;
  domain::Event event;
};

class OrderLife {
 public:
  explicit OrderLife(domain::OrderId order) : order_(order) {}

  void Take(const Step& step) {
    std::uint32_t index = 0;
    for (const domain::Event& event : step.events) {
      ++index;
      if (Touches(event)) events_.push_back({{step.sequence, index}, step.timestamp_ns, event});
    }
  }
  [[nodiscard]] const std::vector<LifeEvent>& events() const { return events_; }

 private:
  [[nodiscard]] bool Touches(const domain::Event& event) const {
    if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) return report->order_id == order_;
    if (const auto* change = std::get_if<domain::BalanceChange>(&event)) return change->order_id == order_;
    const auto* trade = std::get_if<domain::Trade>(&event);
    return trade != nullptr && (trade->maker_order_id == order_ || trade->taker_order_id == order_);
  }

  const domain::OrderId order_;
  std::vector<LifeEvent> events_;
};

}  // namespace xt::ctl
