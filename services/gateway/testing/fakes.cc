#include "services/gateway/testing/fakes.h"

#include <chrono>
#include <utility>

#include "libs/base/check.h"
#include "libs/base/status.h"

namespace xt::gateway::testing {
namespace {

using domain::AccountId;
using domain::SequenceNumber;

domain::Asset MakeAsset(domain::AssetId id, std::string_view code, int decimals) {
  return {id, *domain::AssetCode::From(code), decimals};
}

domain::Symbol MakeSymbol(domain::SymbolId id, std::string_view code, const domain::Asset& base,
                          const domain::Asset& quote, std::int64_t tick, std::int64_t lot, std::int64_t min_notional) {
  domain::Symbol symbol;
  symbol.id = id;
  symbol.code = *domain::SymbolCode::From(code);
  symbol.base = base.id;
  symbol.quote = quote.id;
  symbol.base_decimals = base.decimals;
  symbol.quote_decimals = quote.decimals;
  symbol.tick_size = domain::Amount(tick);
  symbol.lot_size = domain::Amount(lot);
  symbol.min_notional = domain::Amount(min_notional);
  symbol.maker_fee_bps = 2;
  symbol.taker_fee_bps = 5;
  XT_CHECK(!domain::Normalize(symbol));
  return symbol;
}

// An order that was there before: 7 lots at 100 ticks.
domain::ExecutionReport RestingReport(AccountId account, domain::OrderId id, const domain::ClientOrderId& name) {
  const bool by_name = id.value() == 0;
  domain::NewOrder order;
  order.account = account;
  order.side = domain::Side::kBuy;
  order.type = domain::OrderType::kLimit;
  order.time_in_force = domain::TimeInForce::kGtc;
  order.price = domain::Price(100);
  order.quantity = domain::Quantity(7);
  order.client_order_id = by_name ? name : *domain::ClientOrderId::From("c-1");
  return ReportOf(order, by_name ? domain::OrderId(77) : id);
}

domain::ExecutionReport CanceledReport(AccountId account, domain::OrderId id, const domain::ClientOrderId& name) {
  auto report = RestingReport(account, id, name);
  report.execution_type = domain::ExecutionType::kCanceled;
  report.status = domain::OrderStatus::kCanceled;
  return report;
}

using Events = std::vector<domain::Event>;
constexpr std::int64_t kNowNs = 1'700'000'000'123'000'000;

Events AcceptBody(const domain::NewOrder& order, SequenceNumber sequence) {
  return {ReportOf(order, domain::OrderId(sequence.value() * 10))};
}
Events AcceptBody(const domain::CancelOrder& cancel, SequenceNumber) {
  return {CanceledReport(cancel.account, cancel.order_id, cancel.client_order_id)};
}
Events AcceptBody(const domain::CancelAll& cancel, SequenceNumber) {
  return {CanceledReport(cancel.account, domain::OrderId(5), {}),
          CanceledReport(cancel.account, domain::OrderId(3), {}),
          domain::OrdersCanceled{cancel.account, cancel.group, domain::MassCancelReason::kCommand, 2}};
}
Events AcceptBody(const domain::CancelReplace& replace, SequenceNumber sequence) {
  return {CanceledReport(replace.order.account, replace.cancel_order_id, replace.cancel_client_order_id),
          ReportOf(replace.order, domain::OrderId(sequence.value() * 10))};
}
Events AcceptBody(const domain::AmendOrder& amend, SequenceNumber) {
  auto report = RestingReport(amend.account, amend.order_id, amend.client_order_id);
  report.execution_type = domain::ExecutionType::kReplaced;
  report.quantity = amend.quantity;
  return {report};
}
Events AcceptBody(const domain::SetCountdown& countdown, SequenceNumber) {
  const std::int64_t deadline_ns = countdown.timeout_ms == 0 ? 0 : kNowNs + countdown.timeout_ms * 1'000'000;
  return {domain::CountdownChanged{countdown.account, countdown.group, deadline_ns}};
}
// What only operators send.
template <typename Body>
Events AcceptBody(const Body&, SequenceNumber) {
  return {domain::AccountCreated{AccountId(9), *domain::AccountName::From("new")}};
}

absl::StatusOr<domain::CommandResult> Accept(const domain::Command& command, SequenceNumber sequence) {
  return std::visit(
      [&](const auto& body) {
        return domain::CommandResult{sequence, kNowNs, AcceptBody(body, sequence)};
      },
      command.body);
}

}  // namespace

ports::ReferenceData DemoReferenceData() {
  const domain::Asset btc = MakeAsset(kBtc, "BTC", 8);
  const domain::Asset usdt = MakeAsset(kUsdt, "USDT", 8);
  const domain::Asset krw = MakeAsset(kKrw, "KRW", 4);
  return {SequenceNumber(9),
          {btc, usdt, krw},
          {MakeSymbol(kBtcUsdt, "BTC-USDT", btc, usdt, 1'000'000, 1'000, 500'000'000),
           MakeSymbol(kBtcKrw, "BTC-KRW", btc, krw, 10'000'000, 10'000, 0)}};
}

domain::ExecutionReport ReportOf(const domain::NewOrder& order, domain::OrderId id) {
  domain::ExecutionReport report;
  report.account = order.account;
  report.order_id = id;
  report.client_order_id = order.client_order_id;
  report.symbol = order.symbol;
  report.side = order.side;
  report.type = order.type;
  report.time_in_force = order.time_in_force;
  report.execution_type = domain::ExecutionType::kNew;
  report.status = domain::OrderStatus::kNew;
  report.price = order.price;
  report.stop_price = order.stop_price;
  report.quantity = order.quantity;
  report.iceberg_quantity = order.iceberg_quantity;
  report.group = order.group;
  report.quote_quantity = order.quote_quantity;
  report.expire_time_ms = order.expire_time_ms;
  return report;
}

domain::ExecutionReport FillOf(domain::ExecutionReport report, domain::TradeId trade, domain::Quantity quantity,
                               domain::Amount quote, domain::OrderStatus status) {
  report.execution_type = domain::ExecutionType::kTrade;
  report.status = status;
  report.trade_id = trade;
  report.last_price = report.price;
  report.last_quantity = quantity;
  report.executed_quantity += quantity;
  report.executed_quote += quote;
  report.fee = domain::Amount(1);
  report.fee_asset = report.side == domain::Side::kBuy ? kBtc : kUsdt;
  return report;
}

domain::CommandResult RefusedResult(SequenceNumber sequence, domain::RejectReason reason, std::string_view field,
                                    SequenceNumber original) {
  domain::CommandRejected rejected;
  rejected.reason = reason;
  rejected.field = *domain::FixedString<24>::From(field);
  rejected.original_sequence = original;
  return {sequence, 1'700'000'000'123'000'000, {rejected}};
}

void FakeSequencing::Submit(const domain::Command& command, Done done) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(command);
    changed_.notify_all();
    if (hold_) {
      held_.emplace_back(command, std::move(done));
      return;
    }
  }
  done(Decide(command));
}

absl::StatusOr<domain::CommandResult> FakeSequencing::Decide(const domain::Command& command) {
  const std::lock_guard lock(mutex_);
  const SequenceNumber sequence(++sequence_);
  return answer_ ? answer_(command, sequence) : Accept(command, sequence);
}

void FakeSequencing::set_answer(Answer answer) {
  const std::lock_guard lock(mutex_);
  answer_ = std::move(answer);
}

void FakeSequencing::set_hold(bool hold) {
  const std::lock_guard lock(mutex_);
  hold_ = hold;
}

void FakeSequencing::Release() {
  std::vector<std::pair<domain::Command, Done>> held;
  {
    const std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  for (auto& [command, done] : held) done(Decide(command));
}

std::vector<domain::Command> FakeSequencing::commands() const {
  const std::lock_guard lock(mutex_);
  return commands_;
}

bool FakeSequencing::WaitForCommands(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return commands_.size() >= count; });
}

absl::Status FakeHistory::Enter(SequenceNumber at_least) {
  last_at_least_ = at_least.value();
  std::unique_lock lock(mutex_);
  unblocked_.wait(lock, [&] { return !blocked_; });
  return status_;
}

absl::StatusOr<ports::OrderRow> FakeHistory::GetOrder(SequenceNumber at_least, AccountId account,
                                                      domain::OrderId order) {
  XT_RETURN_IF_ERROR(Enter(at_least));
  const std::lock_guard lock(mutex_);
  for (const auto& row : orders_) {
    if (row.report.account == account && row.report.order_id == order) return row;
  }
  return absl::NotFoundError("no such order");
}

absl::StatusOr<ports::OrderRow> FakeHistory::FindOrder(SequenceNumber at_least, AccountId account,
                                                       std::string_view client_order_id) {
  XT_RETURN_IF_ERROR(Enter(at_least));
  const std::lock_guard lock(mutex_);
  for (const auto& row : orders_) {
    if (row.report.account == account && row.report.client_order_id.view() == client_order_id) return row;
  }
  return absl::NotFoundError("no such order");
}

absl::StatusOr<std::vector<ports::OrderRow>> FakeHistory::ListOrders(SequenceNumber at_least,
                                                                     const ports::OrderFilter& filter) {
  XT_RETURN_IF_ERROR(Enter(at_least));
  const std::lock_guard lock(mutex_);
  order_filter_ = filter;
  return orders_;
}

absl::StatusOr<std::vector<ports::FillRow>> FakeHistory::ListFills(SequenceNumber at_least,
                                                                   const ports::FillFilter& filter) {
  XT_RETURN_IF_ERROR(Enter(at_least));
  const std::lock_guard lock(mutex_);
  fill_filter_ = filter;
  std::vector<ports::FillRow> rows;
  for (auto row = fills_.rbegin(); row != fills_.rend() && rows.size() < filter.limit; ++row) {
    const bool newer = filter.before.index != 0 && !(row->id < filter.before);
    if (!newer && (!filter.order || row->report.order_id == *filter.order)) rows.push_back(*row);
  }
  return rows;
}

absl::StatusOr<std::vector<ports::BalanceRow>> FakeHistory::ListBalances(SequenceNumber at_least, AccountId account) {
  XT_RETURN_IF_ERROR(Enter(at_least));
  return std::vector<ports::BalanceRow>{
      {account, kUsdt, domain::Amount(1'234'500'000), domain::Amount(50), SequenceNumber(5)}};
}

absl::StatusOr<std::vector<ports::AccountRow>> FakeHistory::ListAccounts(SequenceNumber at_least) {
  XT_RETURN_IF_ERROR(Enter(at_least));
  return std::vector<ports::AccountRow>{{AccountId(1), *domain::AccountName::From("demo-1"), 0},
                                        {AccountId(2), *domain::AccountName::From("demo-2"), 0}};
}

absl::StatusOr<ports::ApiKeyRow> FakeHistory::GetApiKey(std::string_view api_key) {
  ++key_lookups_;
  XT_RETURN_IF_ERROR(Enter(SequenceNumber(0)));
  const std::lock_guard lock(mutex_);
  const auto it = keys_.find(api_key);
  if (it == keys_.end()) return absl::NotFoundError("no such key");
  return it->second;
}

absl::StatusOr<std::vector<ports::ApiKeyRow>> FakeHistory::ListApiKeys(AccountId) {
  return absl::UnimplementedError("not asked by the gateway");
}

absl::Status FakeHistory::PutApiKey(const ports::ApiKeyRow& row) {
  const std::lock_guard lock(mutex_);
  keys_.insert_or_assign(row.api_key, row);
  return absl::OkStatus();
}

void FakeHistory::set_status(absl::Status status) {
  const std::lock_guard lock(mutex_);
  status_ = std::move(status);
}

void FakeHistory::set_blocked(bool blocked) {
  const std::lock_guard lock(mutex_);
  blocked_ = blocked;
  unblocked_.notify_all();
}

void FakeHistory::AddOrder(const ports::OrderRow& row) {
  const std::lock_guard lock(mutex_);
  orders_.push_back(row);
}

void FakeHistory::AddFill(const ports::FillRow& row) {
  const std::lock_guard lock(mutex_);
  fills_.push_back(row);
}

ports::FillFilter FakeHistory::last_fill_filter() const {
  const std::lock_guard lock(mutex_);
  return fill_filter_;
}

ports::OrderFilter FakeHistory::last_order_filter() const {
  const std::lock_guard lock(mutex_);
  return order_filter_;
}

absl::StatusOr<domain::BookSnapshot> FakeMarket::GetBook(domain::SymbolId symbol, std::size_t depth) {
  last_depth = depth;
  return domain::BookSnapshot{symbol,
                              SequenceNumber(42),
                              {{domain::Price(5'000'000), domain::Quantity(100'000)}},
                              {{domain::Price(5'000'100), domain::Quantity(50'000)}}};
}

absl::StatusOr<std::vector<ports::PublicTrade>> FakeMarket::GetTrades(domain::SymbolId, std::size_t) {
  return std::vector<ports::PublicTrade>{{{SequenceNumber(41), 2},
                                          1'700'000'000'000'000'000,
                                          domain::TradeId(6),
                                          domain::Price(5'000'000),
                                          domain::Quantity(1),
                                          domain::Side::kSell}};
}

absl::StatusOr<ports::Ticker> FakeMarket::GetTicker(domain::SymbolId symbol) {
  ports::Ticker ticker;
  ticker.symbol = symbol;
  ticker.sequence = SequenceNumber(42);
  if (symbol == kBtcUsdt) {
    ticker.last = ticker.open = ticker.high = ticker.low = domain::Price(5'000'000);
    ticker.best_bid = domain::Price(4'999'999);
    ticker.best_bid_quantity = domain::Quantity(3);
    ticker.trade_count = 1;
  }
  return ticker;
}

absl::StatusOr<std::vector<ports::Candle>> FakeMarket::GetCandles(domain::SymbolId, std::int64_t from_ms, std::int64_t,
                                                                  std::size_t) {
  last_from_ms = from_ms;
  ports::Candle candle;
  candle.open_time_ms = 1'700'000'040'000;
  candle.open = candle.high = candle.low = candle.close = domain::Price(5'000'000);
  candle.volume = domain::Quantity(1);
  candle.quote_volume = domain::Amount(50'000'000);
  candle.trade_count = 1;
  return std::vector<ports::Candle>{candle};
}

absl::StatusOr<ports::Candle> FakeMarket::GetExternalCandle(std::string_view, std::string_view) {
  return absl::NotFoundError("not asked by the gateway");
}

absl::StatusOr<ports::ReferenceData> FakeMatching::GetReferenceData() {
  ++calls_;
  const std::lock_guard lock(mutex_);
  return data_;
}

void FakeMatching::set_data(absl::StatusOr<ports::ReferenceData> data) {
  const std::lock_guard lock(mutex_);
  data_ = std::move(data);
}

absl::StatusOr<ports::RateLimiter::Decision> FakeRateLimiter::Take(std::string_view key, const Limit&, std::uint64_t) {
  if (fails) return absl::UnavailableError("no limiter");
  const std::lock_guard lock(mutex_);
  if (++taken_[std::string(key)] <= allowed) return Decision{true, {}};
  return Decision{false, std::chrono::milliseconds(1'500)};
}

}  // namespace xt::gateway::testing
