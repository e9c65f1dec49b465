#include "tools/xtraderctl/verify/history_check.h"

#include <algorithm>
#include <tuple>
#include <variant>

#include "absl/strings/str_cat.h"

namespace xt::ctl {
namespace {

const domain::NewOrder* OrderOf(const domain::Command& command) {
  if (const auto* order = std::get_if<domain::NewOrder>(&command.body)) return order;
  const auto* replace = std::get_if<domain::CancelReplace>(&command.body);
  return replace == nullptr ? nullptr : &replace->order;
}

std::string NameOf(const History::key_type& key) {
  return absl::StrCat("account ", key.first, ", client order id ", key.second);
}

}  // namespace

void HistoryCheck::Take(const Step& step) {
  const domain::NewOrder* order = OrderOf(step.command);
  if (!history_ || order == nullptr) return;
  const Key key(order->account.value(), std::string(order->client_order_id.view()));
  if (!history_->contains(key)) return;
  Journalled& journalled = journalled_[key];
  journalled.commands.push_back(step.sequence);
  const bool entered = std::ranges::any_of(step.events, [&](const domain::Event& event) {
    const auto* report = std::get_if<domain::ExecutionReport>(&event);
    return report != nullptr && report->order_id.value() != 0 && report->account == order->account &&
           report->client_order_id == order->client_order_id;
  });
  const bool refused = std::ranges::any_of(
      step.events, [](const domain::Event& event) { return std::holds_alternative<domain::CommandRejected>(event); });
  if (entered && !refused) ++journalled.executions;
}

void HistoryCheck::CompareSequences() {
  for (const auto& [key, order] : *history_) {
    if (!order.acknowledged_ns) continue;
    const auto found = journalled_.find(key);
    const bool there = found != journalled_.end() &&
                       std::ranges::find(found->second.commands, domain::SequenceNumber(order.sequence)) !=
                           found->second.commands.end();
    if (there) continue;
    acknowledged_.Violate(absl::StrCat(NameOf(key), " was acknowledged at sequence ", order.sequence,
                                       ", where the journal does not have it"));
  }
}

// In the order of time: who is sent has to come behind everybody who was acknowledged by then.
void HistoryCheck::CompareOrder() {
  std::vector<std::tuple<std::int64_t, bool, std::uint64_t, const Key*>> moments;  // time, acknowledged, sequence, who
  for (const auto& [key, order] : *history_) {
    if (!order.acknowledged_ns) continue;
    moments.emplace_back(order.invoked_ns, false, order.sequence, &key);
    moments.emplace_back(*order.acknowledged_ns, true, order.sequence, &key);
  }
  std::ranges::sort(moments);
  std::uint64_t highest = 0;
  for (const auto& [ns, acknowledged, sequence, key] : moments) {
    if (acknowledged) {
      highest = std::max(highest, sequence);
    } else if (sequence <= highest) {
      order_.Violate(absl::StrCat(NameOf(*key), " was sent when sequence ", highest,
                                  " was acknowledged, and got sequence ", sequence));
    }
  }
}

void HistoryCheck::CountExecutions() {
  for (const auto& [key, journalled] : journalled_) {
    if (journalled.executions > 1) {
      once_.Violate(absl::StrCat(NameOf(key), " was executed ", journalled.executions, " times, last by sequence ",
                                 journalled.commands.back().value()));
    }
  }
}

std::vector<Verdict> HistoryCheck::Finish() {
  if (!history_) {
    return {acknowledged_.NotChecked("no history"), order_.NotChecked("no history"), once_.NotChecked("no history")};
  }
  CompareSequences();
  CompareOrder();
  CountExecutions();
  const std::size_t acknowledged = CountAcknowledged();
  const std::size_t unknown = history_->size() - acknowledged;
  return {acknowledged_.OkOr(absl::StrCat(acknowledged, " acknowledged orders are in the journal")), OrderVerdict(),
          once_.OkOr(absl::StrCat(history_->size(), " ids, the outcome of ", unknown, " unknown to its client"))};
}

std::vector<Verdict> HistoryCheck::FinishUnplayed(domain::SequenceNumber end, const std::string& why) {
  if (!history_) return Finish();
  for (const auto& [key, order] : *history_) {
    if (!order.acknowledged_ns || order.sequence <= end.value()) continue;
    acknowledged_.Violate(absl::StrCat(NameOf(key), " was acknowledged at sequence ", order.sequence,
                                       ", but the journal ends at ", end.value()));
  }
  CompareOrder();
  return {acknowledged_.Unplayed(why), OrderVerdict(), once_.Unplayed(why)};
}

std::size_t HistoryCheck::CountAcknowledged() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(*history_, [](const auto& one) { return one.second.acknowledged_ns.has_value(); }));
}

Verdict HistoryCheck::OrderVerdict() const {
  return order_.OkOr(absl::StrCat(CountAcknowledged(), " orders in real time"));
}

}  // namespace xt::ctl
