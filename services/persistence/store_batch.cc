#include "services/persistence/store_batch.h"

namespace xt::persistence {
namespace {

ports::OrderRow Row(const OrderState& order) {
  return {.report = order.report,
          .created_sequence = order.created_sequence,
          .updated_sequence = order.updated_sequence,
          .created_ns = order.created_ns,
          .updated_ns = order.updated_ns,
          .first_status = order.first_status,
          .first_executed_quantity = order.first_executed_quantity,
          .first_executed_quote = order.first_executed_quote};
}

ports::LedgerRow Row(const Posting& posting) {
  return {.id = posting.id,
          .entry = posting.entry,
          .timestamp_ns = posting.timestamp_ns,
          .account = posting.change.account,
          .asset = posting.change.asset,
          .book = static_cast<ports::LedgerBook>(posting.book),
          .amount = posting.amount,
          .reason = posting.change.reason,
          .order_id = posting.change.order_id,
          .trade_id = posting.change.trade_id};
}

ports::BalanceRow Row(const BalanceState& balance) {
  return {.account = balance.change.account,
          .asset = balance.change.asset,
          .available = balance.change.available,
          .locked = balance.change.locked,
          .updated_sequence = balance.updated_sequence};
}

static_assert(static_cast<int>(Book::kAvailable) == static_cast<int>(ports::LedgerBook::kAvailable));
static_assert(static_cast<int>(Book::kLocked) == static_cast<int>(ports::LedgerBook::kLocked));
static_assert(static_cast<int>(Book::kExternal) == static_cast<int>(ports::LedgerBook::kExternal));

}  // namespace

ports::StoreBatch ToStoreBatch(const Projection& projection) {
  ports::StoreBatch batch;
  batch.previous_watermark = projection.previous;
  batch.watermark = projection.last;
  for (const auto& order : projection.orders) batch.orders.push_back(Row(order));
  for (const auto& fill : projection.fills) batch.fills.push_back({fill.id, fill.timestamp_ns, fill.event});
  for (const auto& trade : projection.trades) batch.trades.push_back({trade.id, trade.timestamp_ns, trade.event});
  for (const auto& posting : projection.ledger) batch.ledger.push_back(Row(posting));
  for (const auto& decision : projection.risk_decisions) {
    batch.risk_decisions.push_back({decision.id, decision.timestamp_ns, decision.event});
  }
  for (const auto& balance : projection.balances) batch.balances.push_back(Row(balance));
  for (const auto& account : projection.accounts) {
    batch.accounts.push_back({account.event.account, account.event.name, account.timestamp_ns});
  }
  batch.assets = projection.assets;
  batch.symbols = projection.symbols;
  for (const auto& changed : projection.account_settings) {
    batch.account_settings.push_back({changed.account, changed.status, changed.settings});
  }
  batch.fee_tiers = projection.fee_tiers;
  for (const auto& changed : projection.symbol_limits) batch.symbol_limits.push_back({changed.symbol, changed.limits});
  return batch;
}

}  // namespace xt::persistence
