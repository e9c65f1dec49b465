#include "services/persistence/core/projection.h"

#include <algorithm>
#include <limits>
#include <string>
#include <variant>

#include "libs/base/status.h"

namespace xt::persistence {
namespace {

using domain::BalanceReason;
using domain::ExecutionType;

std::uint64_t BalanceKey(const domain::BalanceChange& change) {
  return std::uint64_t{change.account.value()} << 16U | change.asset.value();
}

std::string Name(domain::SequenceNumber sequence) { return "command " + std::to_string(sequence.value()); }

std::string Name(const domain::BalanceChange& change) {
  return "account " + std::to_string(change.account.value()) + ", asset " + std::to_string(change.asset.value());
}

// An order that a trade triggers reserves anew and may come to rest: that alone looks like its entry.
bool IsOfKnownOrder(ExecutionType type) {
  return type == ExecutionType::kTriggered || type == ExecutionType::kReplaced || type == ExecutionType::kCanceled;
}

// Keeps one row per id, the last one.
template <typename Row, typename Id>
void ReplaceBy(std::vector<Row>& rows, const Row& row, Id Row::*id) {
  std::erase_if(rows, [&](const Row& other) { return other.*id == row.*id; });
  rows.push_back(row);
}

domain::Amount Clamp(__int128 sum) {
  constexpr __int128 kMax = std::numeric_limits<std::int64_t>::max();
  return domain::Amount(static_cast<std::int64_t>(std::clamp(sum, -kMax, kMax)));
}

}  // namespace

// What one command says about one order.
struct Projector::OrderTraits {
  const domain::ExecutionReport* last = nullptr;
  bool entered = false;  // a report or a reservation of an order's entry
  bool resting = false;  // it traded or lost quantity as maker, or gave back what it had locked before
  bool known = false;    // what happens only to orders of earlier commands
};

Projector::Projector(domain::SequenceNumber watermark) {
  projection_.previous = watermark;
  projection_.last = watermark;
}

absl::Status Projector::Add(const domain::CommandResult& result) {
  const domain::SequenceNumber next(projection_.last.value() + 1);
  if (result.sequence != next) {
    return absl::FailedPreconditionError(Name(result.sequence) + " came where " + Name(next) + " was due");
  }
  projection_.last = next;
  AddOrders(result);
  const std::size_t first_posting = projection_.ledger.size();
  for (std::uint32_t index = 1; index <= result.events.size(); ++index) {
    XT_RETURN_IF_ERROR(AddEvent(result, index));
  }
  return CheckLedger(first_posting);
}

Projector::OrdersOfCommand Projector::ReadOrders(const domain::CommandResult& result) {
  OrdersOfCommand orders;
  for (const domain::Event& event : result.events) {
    if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) {
      if (report->order_id == domain::OrderId(0)) continue;
      OrderTraits& order = orders[report->order_id];
      order.last = report;
      order.entered |= report->execution_type == ExecutionType::kNew;
      order.resting |= report->execution_type == ExecutionType::kTrade && report->maker;
      order.resting |= report->execution_type == ExecutionType::kPrevented;
      order.known |= IsOfKnownOrder(report->execution_type);
    } else if (const auto* change = std::get_if<domain::BalanceChange>(&event)) {
      if (change->order_id == domain::OrderId(0)) continue;
      OrderTraits& order = orders[change->order_id];
      order.entered |= change->reason == BalanceReason::kReservation;
      order.resting |= change->reason == BalanceReason::kRelease;
    }
  }
  return orders;
}

// An order that says nothing of its past in this command (an IOC that found no match) was entered by it.
void Projector::AddOrders(const domain::CommandResult& result) {
  const OrdersOfCommand orders = ReadOrders(result);
  for (const domain::Event& event : result.events) {
    const auto* report = std::get_if<domain::ExecutionReport>(&event);
    if (report == nullptr || report->order_id == domain::OrderId(0)) continue;
    const OrderTraits& traits = orders.at(report->order_id);
    if (traits.last != report) continue;
    const auto [row, is_new] = order_rows_.try_emplace(report->order_id, projection_.orders.size());
    if (is_new) projection_.orders.emplace_back();
    OrderState& order = projection_.orders[row->second];
    order.report = *report;
    order.updated_sequence = result.sequence;
    order.updated_ns = result.timestamp_ns;
    if (!is_new || traits.known || (traits.resting && !traits.entered)) continue;
    order.created_sequence = result.sequence;
    order.created_ns = result.timestamp_ns;
    order.first_status = report->status;
    order.first_executed_quantity = report->executed_quantity;
    order.first_executed_quote = report->executed_quote;
  }
}

absl::Status Projector::AddEvent(const domain::CommandResult& result, std::uint32_t index) {
  const domain::Event& event = result.events[index - 1];
  const domain::EventId id{result.sequence, index};
  if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) {
    if (report->execution_type == ExecutionType::kTrade) {
      projection_.fills.push_back({id, result.timestamp_ns, *report});
    }
  } else if (const auto* trade = std::get_if<domain::Trade>(&event)) {
    projection_.trades.push_back({id, result.timestamp_ns, *trade});
  } else if (const auto* change = std::get_if<domain::BalanceChange>(&event)) {
    return AddBalance({id, result.timestamp_ns, *change});
  } else if (const auto* decision = std::get_if<domain::RiskDecision>(&event)) {
    projection_.risk_decisions.push_back({id, result.timestamp_ns, *decision});
  } else if (const auto* account = std::get_if<domain::AccountCreated>(&event)) {
    projection_.accounts.push_back({id, result.timestamp_ns, *account});
  } else {
    AddDefinition(event);
  }
  return absl::OkStatus();
}

void Projector::AddDefinition(const domain::Event& event) {
  if (const auto* asset = std::get_if<domain::AssetDefined>(&event)) {
    projection_.assets.push_back(asset->asset);
  } else if (const auto* symbol = std::get_if<domain::SymbolDefined>(&event)) {
    ReplaceBy(projection_.symbols, symbol->symbol, &domain::Symbol::id);
  } else if (const auto* account = std::get_if<domain::AccountChanged>(&event)) {
    ReplaceBy(projection_.account_settings, *account, &domain::AccountChanged::account);
  } else if (const auto* tier = std::get_if<domain::FeeTierDefined>(&event)) {
    ReplaceBy(projection_.fee_tiers, tier->tier, &domain::FeeTier::id);
  } else if (const auto* limits = std::get_if<domain::SymbolLimitsChanged>(&event)) {
    ReplaceBy(projection_.symbol_limits, *limits, &domain::SymbolLimitsChanged::symbol);
  }
}

absl::Status Projector::AddBalance(const Stamped<domain::BalanceChange>& stamped) {
  const domain::BalanceChange& change = stamped.event;
  if (change.available < domain::Amount(0) || change.locked < domain::Amount(0)) {
    return absl::DataLossError(Name(stamped.id.sequence) + ": a balance is negative: " + Name(change));
  }
  const auto [row, is_new] = balance_rows_.try_emplace(BalanceKey(change), projection_.balances.size());
  if (is_new) {
    projection_.balances.emplace_back();
  } else {
    const domain::BalanceChange& before = projection_.balances[row->second].change;
    if (before.available + change.available_delta != change.available ||
        before.locked + change.locked_delta != change.locked) {
      return absl::DataLossError(Name(stamped.id.sequence) + ": a balance does not follow: " + Name(change));
    }
  }
  projection_.balances[row->second] = {change, stamped.id.sequence};
  Post(stamped);
  return absl::OkStatus();
}

void Projector::Post(const Stamped<domain::BalanceChange>& stamped) {
  const domain::BalanceChange& change = stamped.event;
  std::uint32_t entry = 0;
  const auto post = [&](Book book, domain::Amount amount) {
    if (amount == domain::Amount(0)) return;
    projection_.ledger.push_back({stamped.id, ++entry, stamped.timestamp_ns, change, book, amount});
  };
  post(Book::kAvailable, change.available_delta);
  post(Book::kLocked, change.locked_delta);
  if (change.reason == BalanceReason::kDeposit || change.reason == BalanceReason::kWithdrawal) {
    post(Book::kExternal, -(change.available_delta + change.locked_delta));
  }
}

absl::Status Projector::CheckLedger(std::size_t first_posting) {
  absl::flat_hash_map<domain::AssetId, __int128> sums;
  for (std::size_t i = first_posting; i < projection_.ledger.size(); ++i) {
    sums[projection_.ledger[i].change.asset] += projection_.ledger[i].amount.value();
  }
  for (const auto& [asset, sum] : sums) {
    if (sum == 0) continue;
    imbalance_ = {projection_.last, asset, Clamp(sum)};
    return absl::DataLossError(Name(projection_.last) + ": the postings of asset " + std::to_string(asset.value()) +
                               " sum to " + std::to_string(imbalance_.sum.value()) + ", not to zero");
  }
  return absl::OkStatus();
}

}  // namespace xt::persistence
