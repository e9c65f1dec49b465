#include "tools/xtraderctl/verify/rules_check.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace xt::ctl {
namespace {

bool IsOpen(domain::OrderStatus status) {
  return status == domain::OrderStatus::kNew || status == domain::OrderStatus::kPartiallyFilled;
}

bool IsWithinLimit(const domain::ExecutionReport& report) {
  if (report.price.value() == 0) return true;
  return report.side == domain::Side::kBuy ? report.last_price <= report.price : report.last_price >= report.price;
}

}  // namespace

void RulesCheck::Take(const Step& step) {
  engine_ = &step.engine;
  if (finding_.violated()) return;
  for (const domain::Event& event : step.events) {
    if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) TakeReport(step, *report);
    if (std::holds_alternative<domain::Trade>(event)) ++trades_;
  }
  if (std::string difference = second_.Take(step); !difference.empty()) finding_.Violate(std::move(difference));
}

void RulesCheck::TakeReport(const Step& step, const domain::ExecutionReport& report) {
  if (report.order_id.value() == 0) return;
  const auto violate = [&](const std::string& why) {
    finding_.Violate(absl::StrCat("sequence ", step.sequence.value(), ", order ", report.order_id.value(), ": ", why));
  };
  if (ended_.contains(report.order_id)) violate("something happened to it after its end");
  std::int64_t& filled = filled_[report.order_id];
  if (report.execution_type == domain::ExecutionType::kTrade) {
    filled += report.last_quantity.value();
    if (!IsWithinLimit(report)) violate(absl::StrCat("it traded at ", report.last_price.value(), ", beyond its limit"));
    if (report.quantity.value() != 0 && filled > report.quantity.value()) violate("its fills exceed its quantity");
  }
  if (filled != report.executed_quantity.value()) violate("its fills do not sum up to what is executed");
  if (IsOpen(report.status)) return;
  filled_.erase(report.order_id);
  ended_.insert(report.order_id);
}

std::vector<Verdict> RulesCheck::Finish() {
  if (engine_ != nullptr && !finding_.violated()) {
    if (std::string difference = second_.CompareState(*engine_); !difference.empty()) {
      finding_.Violate(std::move(difference));
    }
  }
  return {finding_.OkOr(
      absl::StrCat(ended_.size() + filled_.size(), " orders, ", trades_, " trades; the second engine says the same"))};
}

}  // namespace xt::ctl
