#include "libs/wire/notifications.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "libs/wire/market_proto.h"

namespace xt::wire {
namespace {

// What is collected for one symbol or account, and the index of its first event.
template <typename Value>
struct Group {
  std::uint32_t first_index = 0;
  Value value;
};

// Commands touch few symbols and accounts: a linear search keeps the order of appearance.
template <typename Value, typename Matches, typename Make>
Value& FindOrAdd(std::vector<Group<Value>>& groups, std::uint32_t index, const Matches& matches, const Make& make) {
  const auto found = std::ranges::find_if(groups, [&](const auto& group) { return matches(group.value); });
  if (found != groups.end()) return found->value;
  groups.push_back({index, make()});
  return groups.back().value;
}

template <typename Visit>
void ForEach(const domain::CommandResult& result, const Visit& visit) {
  for (std::size_t i = 0; i < result.events.size(); ++i) visit(static_cast<std::uint32_t>(i + 1), result.events[i]);
}

std::optional<domain::AccountId> PrivateTo(const domain::Event& event) {
  if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) return report->account;
  if (const auto* change = std::get_if<domain::BalanceChange>(&event)) return change->account;
  return std::nullopt;
}

}  // namespace

std::vector<RoutedPayload> MarketTrades(const domain::CommandResult& result, SymbolCodeLookup code_of) {
  std::vector<RoutedPayload> payloads;
  ForEach(result, [&](std::uint32_t index, const domain::Event& event) {
    const auto* trade = std::get_if<domain::Trade>(&event);
    if (trade == nullptr) return;
    const MarketTrade message{{result.sequence, index}, result.timestamp_ns, trade->symbol,   code_of(trade->symbol),
                              trade->trade_id,          trade->price,        trade->quantity, trade->taker_side};
    payloads.push_back({trade->symbol, domain::AccountId(0), index, EncodeMarketTrade(message)});
  });
  return payloads;
}

std::vector<RoutedPayload> MarketDepths(const domain::CommandResult& result, SymbolCodeLookup code_of,
                                        PreviousDepthLookup previous_of) {
  std::vector<Group<MarketDepth>> groups;
  ForEach(result, [&](std::uint32_t index, const domain::Event& event) {
    const auto* change = std::get_if<domain::BookChange>(&event);
    if (change == nullptr) return;
    FindOrAdd(
        groups, index, [&](const MarketDepth& depth) { return depth.symbol == change->symbol; },
        [&] {
          return MarketDepth{result.sequence,
                             result.timestamp_ns,
                             change->symbol,
                             code_of(change->symbol),
                             {},
                             previous_of(change->symbol)};
        })
        .changes.push_back(*change);
  });
  std::vector<RoutedPayload> payloads;
  for (const auto& group : groups) {
    payloads.push_back({group.value.symbol, domain::AccountId(0), group.first_index, EncodeMarketDepth(group.value)});
  }
  return payloads;
}

std::vector<RoutedPayload> UserEventsByAccount(const domain::CommandResult& result) {
  std::vector<Group<UserEvents>> groups;
  ForEach(result, [&](std::uint32_t index, const domain::Event& event) {
    const auto account = PrivateTo(event);
    if (!account || *account == domain::kFeeAccount) return;
    FindOrAdd(
        groups, index, [&](const UserEvents& events) { return events.account == *account; },
        [&] {
          return UserEvents{result.sequence, result.timestamp_ns, *account, {}};
        })
        .events.push_back({index, event});
  });
  std::vector<RoutedPayload> payloads;
  for (const auto& group : groups) {
    payloads.push_back({domain::SymbolId(0), group.value.account, group.first_index, EncodeUserEvents(group.value)});
  }
  return payloads;
}

}  // namespace xt::wire
