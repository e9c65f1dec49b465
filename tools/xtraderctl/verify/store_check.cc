#include "tools/xtraderctl/verify/store_check.h"

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"

namespace xt::ctl {

StoreCheck::StoreCheck(absl::StatusOr<std::unique_ptr<StoreView>> store) : store_(std::move(store)) {
  if (store_.ok()) watermark_ = (*store_)->watermark();
}
StoreCheck::~StoreCheck() { compared_.clear(); }  // before the view that they read

void StoreCheck::Take(const Step& step) {
  last_ = step.sequence;
  if (!store_.ok() || step.sequence > watermark_) return;
  domain::EventId id{step.sequence, 0};
  for (const domain::Event& event : step.events) {
    ++id.index;
    TakeEvent(step, id, event);
  }
}

void StoreCheck::TakeEvent(const Step& step, const domain::EventId& id, const domain::Event& event) {
  if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) {
    TakeReport(step, *report);
    if (report->execution_type == domain::ExecutionType::kTrade) {
      Expect(tables::Fills(), RowOf(id, step.timestamp_ns, *report));
    }
  } else if (const auto* trade = std::get_if<domain::Trade>(&event)) {
    Expect(tables::Trades(), RowOf(id, step.timestamp_ns, *trade));
  } else if (const auto* change = std::get_if<domain::BalanceChange>(&event)) {
    for (const StoreRow& row : PostingsOf(id, step.timestamp_ns, *change)) Expect(tables::Ledger(), row);
    balances_[{change->account, change->asset}] = RowOf(*change, step.sequence);
  } else if (const auto* decision = std::get_if<domain::RiskDecision>(&event)) {
    Expect(tables::RiskDecisions(), RowOf(id, step.timestamp_ns, *decision));
  } else if (const auto* asset = std::get_if<domain::AssetDefined>(&event)) {
    assets_[asset->asset.id] = RowOf(asset->asset);
  } else if (const auto* symbol = std::get_if<domain::SymbolDefined>(&event)) {
    symbols_[symbol->symbol.id] = RowOf(symbol->symbol);
  } else if (const auto* account = std::get_if<domain::AccountCreated>(&event)) {
    accounts_[account->account] = RowOf(*account, step.timestamp_ns);
  } else if (const auto* settings = std::get_if<domain::AccountChanged>(&event)) {
    account_settings_[settings->account] = RowOf(*settings);
  } else if (const auto* tier = std::get_if<domain::FeeTierDefined>(&event)) {
    fee_tiers_[tier->tier.id] = RowOf(tier->tier);
  } else if (const auto* limits = std::get_if<domain::SymbolLimitsChanged>(&event)) {
    symbol_limits_[limits->symbol] = RowOf(*limits);
  }
}

void StoreCheck::TakeReport(const Step& step, const domain::ExecutionReport& report) {
  if (report.order_id.value() == 0) return;
  const auto [at, entered] = orders_.try_emplace(report.order_id);
  StoredOrder& order = at->second;
  if (entered) {
    order.created_sequence = step.sequence;
    order.created_ns = step.timestamp_ns;
  }
  order.report = report;
  order.updated_sequence = step.sequence;
  order.updated_ns = step.timestamp_ns;
  if (order.created_sequence == step.sequence) order.first = report;
}

TableComparison* StoreCheck::Compared(const Table& table) {
  auto& compared = compared_[table.name];
  if (compared == nullptr && failure_.ok()) {
    auto rows = (*store_)->Open(table);
    failure_ = rows.status();
    if (rows.ok()) compared = std::make_unique<TableComparison>(table, *std::move(rows));
  }
  return compared.get();
}

void StoreCheck::Expect(const Table& table, const StoreRow& row) {
  if (TableComparison* compared = Compared(table)) compared->Expect(row);
}

template <typename Key>
void StoreCheck::ExpectAll(const Table& table, const std::map<Key, StoreRow>& rows) {
  for (const auto& [key, row] : rows) Expect(table, row);
}

void StoreCheck::FinishTables() {
  ExpectAll(tables::Assets(), assets_);
  ExpectAll(tables::Symbols(), symbols_);
  ExpectAll(tables::SymbolLimits(), symbol_limits_);
  ExpectAll(tables::Accounts(), accounts_);
  ExpectAll(tables::AccountSettings(), account_settings_);
  ExpectAll(tables::FeeTiers(), fee_tiers_);
  ExpectAll(tables::Balances(), balances_);
  for (const auto& [id, order] : orders_) Expect(tables::Orders(), RowOf(order));
  for (const Table* table : {&tables::Assets(), &tables::Symbols(), &tables::SymbolLimits(), &tables::Accounts(),
                             &tables::AccountSettings(), &tables::FeeTiers(), &tables::Balances(), &tables::Orders(),
                             &tables::Fills(), &tables::Trades(), &tables::Ledger(), &tables::RiskDecisions()}) {
    TableComparison* compared = Compared(*table);
    if (compared == nullptr) continue;
    compared->Finish();
    if (failure_.ok()) failure_ = compared->failure();
    if (!compared->difference().empty()) finding_.Violate(compared->difference());
  }
}

void StoreCheck::CheckEnd(domain::SequenceNumber end) {
  if (end >= watermark_) return;
  finding_.Violate(absl::StrCat("the database has everything up to sequence ", watermark_.value(),
                                ", but the journal ends at ", end.value()));
}

std::vector<Verdict> StoreCheck::FinishUnplayed(domain::SequenceNumber end, const std::string& why) {
  if (!store_.ok()) return {finding_.NotChecked(std::string(MessageOf(store_.status())))};
  CheckEnd(end);
  return {finding_.Unplayed(why)};
}

std::vector<Verdict> StoreCheck::Finish() {
  if (!store_.ok()) return {finding_.NotChecked(std::string(MessageOf(store_.status())))};
  CheckEnd(last_);
  if (last_ >= watermark_) FinishTables();
  if (!failure_.ok() && !finding_.violated()) return {finding_.NotChecked(std::string(MessageOf(failure_)))};
  std::uint64_t rows = 0;
  for (const auto& [name, compared] : compared_) rows += compared == nullptr ? 0 : compared->rows();
  return {finding_.OkOr(
      absl::StrCat(rows, " rows of ", compared_.size(), " tables, at the database's sequence ", watermark_.value()))};
}

}  // namespace xt::ctl
