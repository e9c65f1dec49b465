// OpenOrders: the orders that are open, as the events tell. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>

#include "libs/domain/event.h"
#include "tools/xtraderctl/journal/player.h"

namespace xt::ctl {

struct OpenOrder {
  domain::ExecutionReport report;  // the last one
  domain::SequenceNumber entered;  // by this command
};

class OpenOrders {
 public:
  void Take(const Step& step) {
    for (const domain::Event& event : step.events) {
      const auto* report = std::get_if<domain::ExecutionReport>(&event);
      if (report == nullptr || report->order_id.value() == 0) continue;
      if (report->status == domain::OrderStatus::kNew || report->status == domain::OrderStatus::kPartiallyFilled) {
        OpenOrder& order = orders_.try_emplace(report->order_id, OpenOrder{*report, step.sequence}).first->second;
        order.report = *report;
      } else {
        orders_.erase(report->order_id);
      }
    }
  }
  [[nodiscard]] const std::map<domain::OrderId, OpenOrder>& all() const { return orders_; }

 private:
  std::map<domain::OrderId, OpenOrder> orders_;
};

}  // namespace xt::ctl
