#include "services/notifier/testing/fakes.h"

#include <algorithm>
#include <utility>

#include "libs/adapters/grpc/market_queries_proto.h"
#include "libs/base/check.h"
#include "libs/wire/market_proto.h"

namespace xt::notifier::testing {
namespace {

constexpr std::int64_t kTimeNs = 1'700'000'000'000'000'000;

ports::Notification Message(const std::string& key, std::uint64_t sequence, std::string payload) {
  return {.routing_key = key,
          .id = {domain::SequenceNumber(sequence), 1},
          .payload = std::make_shared<const std::string>(std::move(payload))};
}

absl::Status Absent() { return absl::UnavailableError("not there"); }
absl::Status NotFaked() { return absl::UnimplementedError("the notifier does not ask this"); }

}  // namespace

domain::Symbol MakeSymbol(domain::SymbolId id, std::string_view code) {
  domain::Symbol symbol;
  symbol.id = id;
  symbol.code = *domain::SymbolCode::From(code);
  symbol.base = domain::AssetId(id.value());
  symbol.quote = domain::AssetId(2);
  symbol.base_decimals = 2;
  symbol.quote_decimals = 2;
  symbol.tick_size = domain::Amount(100);
  symbol.lot_size = domain::Amount(1);
  XT_CHECK(!domain::Normalize(symbol), code);
  return symbol;
}

domain::BookLevel Level(std::int64_t price, std::int64_t quantity) {
  return {domain::Price(price), domain::Quantity(quantity)};
}

domain::BookSnapshot Book(domain::SymbolId symbol, std::uint64_t sequence, std::vector<domain::BookLevel> bids,
                          std::vector<domain::BookLevel> asks) {
  return {symbol, domain::SequenceNumber(sequence), std::move(bids), std::move(asks)};
}

std::string_view CodeOf(domain::SymbolId symbol) { return symbol == kBtc ? "BTC-KRW" : "ETH-KRW"; }

ports::Notification TradeOf(domain::SymbolId symbol, std::uint64_t sequence, std::int64_t price,
                            std::int64_t quantity) {
  const wire::MarketTrade trade{.id = {domain::SequenceNumber(sequence), 1},
                                .timestamp_ns = kTimeNs,
                                .symbol = symbol,
                                .code = *domain::SymbolCode::From(CodeOf(symbol)),
                                .trade_id = domain::TradeId(sequence),
                                .price = domain::Price(price),
                                .quantity = domain::Quantity(quantity),
                                .taker_side = domain::Side::kSell};
  return Message("trade." + std::string(CodeOf(symbol)), sequence, wire::EncodeMarketTrade(trade));
}

ports::Notification DepthOf(domain::SymbolId symbol, std::uint64_t sequence, std::uint64_t previous,
                            const std::vector<domain::BookLevel>& bids, const std::vector<domain::BookLevel>& asks) {
  wire::MarketDepth depth{.sequence = domain::SequenceNumber(sequence),
                          .timestamp_ns = kTimeNs,
                          .symbol = symbol,
                          .code = *domain::SymbolCode::From(CodeOf(symbol)),
                          .changes = {},
                          .previous_sequence = domain::SequenceNumber(previous)};
  for (const auto& level : bids) depth.changes.push_back({symbol, domain::Side::kBuy, level.price, level.quantity, 0});
  for (const auto& level : asks) depth.changes.push_back({symbol, domain::Side::kSell, level.price, level.quantity, 0});
  return Message("orderbook." + std::string(CodeOf(symbol)), sequence, wire::EncodeMarketDepth(depth));
}

ports::Notification TickerOf(domain::SymbolId symbol, std::uint64_t sequence, std::int64_t last) {
  ports::Ticker ticker;
  ticker.symbol = symbol;
  ticker.sequence = domain::SequenceNumber(sequence);
  ticker.timestamp_ns = kTimeNs;
  ticker.last = domain::Price(last);
  const auto code = *domain::SymbolCode::From(CodeOf(symbol));
  return Message("ticker." + std::string(CodeOf(symbol)), sequence, grpc_clients::EncodeTicker(ticker, code));
}

ports::Notification UserEventsOf(domain::AccountId account, std::uint64_t sequence) {
  domain::ExecutionReport report;
  report.account = account;
  report.order_id = domain::OrderId(sequence);
  report.client_order_id = *domain::ClientOrderId::From("order-" + std::to_string(sequence));
  report.symbol = kBtc;
  report.side = domain::Side::kBuy;
  report.type = domain::OrderType::kLimit;
  report.time_in_force = domain::TimeInForce::kGtc;
  report.execution_type = domain::ExecutionType::kNew;
  report.status = domain::OrderStatus::kNew;
  report.price = domain::Price(100);
  report.quantity = domain::Quantity(5);
  domain::BalanceChange change;
  change.account = account;
  change.asset = domain::AssetId(2);
  change.reason = domain::BalanceReason::kReservation;
  change.available = domain::Amount(9'500);
  change.locked = domain::Amount(500);
  const wire::UserEvents events{domain::SequenceNumber(sequence), kTimeNs, account, {{1, report}, {2, change}}};
  return Message("user." + std::to_string(account.value()), sequence, wire::EncodeUserEvents(events));
}

absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> FakeBus::Consume(const ports::QueueOptions& options) {
  if (fail_consume_) return Absent();
  return bus_.Consume(options);
}

absl::StatusOr<domain::BookSnapshot> FakeMatching::GetBook(domain::SymbolId symbol, std::size_t) {
  std::lock_guard lock(mutex_);
  ++questions_;
  changed_.notify_all();
  if (!present_) return Absent();
  const auto book = books_.find(symbol);
  if (book == books_.end()) return absl::NotFoundError("no such symbol");
  return book->second;
}

absl::StatusOr<ports::ReferenceData> FakeMatching::GetReferenceData() {
  std::lock_guard lock(mutex_);
  ++questions_;
  changed_.notify_all();
  if (!present_) return Absent();
  return data_;
}

absl::StatusOr<ports::StateDigest> FakeMatching::GetStateDigest() { return NotFaked(); }

void FakeMatching::SetPresent(bool present) {
  std::lock_guard lock(mutex_);
  present_ = present;
}

void FakeMatching::Set(const domain::BookSnapshot& book) {
  std::lock_guard lock(mutex_);
  if (data_.assets.empty()) {
    for (const char* code : {"BTC", "ETH", "KRW"}) {
      const domain::AssetId id(static_cast<std::uint16_t>(data_.assets.size()));
      data_.assets.push_back({id, *domain::AssetCode::From(code), 2});
    }
  }
  if (!books_.contains(book.symbol)) data_.symbols.push_back(MakeSymbol(book.symbol, CodeOf(book.symbol)));
  books_[book.symbol] = book;
  data_.sequence = std::max(data_.sequence, book.sequence);
}

bool FakeMatching::WaitForQuestions(std::uint64_t more) {
  std::unique_lock lock(mutex_);
  const std::uint64_t enough = questions_ + more;
  return changed_.wait_for(lock, kPatience, [&] { return questions_ >= enough; });
}

absl::StatusOr<domain::SequenceNumber> FakeHistory::CommittedSequence() {
  std::lock_guard lock(mutex_);
  if (!present_) return Absent();
  return domain::SequenceNumber(1);
}

absl::StatusOr<ports::ApiKeyRow> FakeHistory::GetApiKey(std::string_view api_key) {
  std::unique_lock lock(mutex_);
  ++held_;
  changed_.notify_all();
  changed_.wait_for(lock, kPatience, [&] { return !hold_; });
  --held_;
  if (!present_) return Absent();
  const auto key = keys_.find(api_key);
  if (key == keys_.end()) return absl::NotFoundError("no such key");
  return key->second;
}

absl::Status FakeHistory::PutApiKey(const ports::ApiKeyRow& row) {
  std::lock_guard lock(mutex_);
  keys_[row.api_key] = row;
  return absl::OkStatus();
}

absl::StatusOr<ports::OrderRow> FakeHistory::GetOrder(domain::SequenceNumber, domain::AccountId, domain::OrderId) {
  return NotFaked();
}
absl::StatusOr<ports::OrderRow> FakeHistory::FindOrder(domain::SequenceNumber, domain::AccountId, std::string_view) {
  return NotFaked();
}
absl::StatusOr<std::vector<ports::OrderRow>> FakeHistory::ListOrders(domain::SequenceNumber,
                                                                     const ports::OrderFilter&) {
  return NotFaked();
}
absl::StatusOr<std::vector<ports::FillRow>> FakeHistory::ListFills(domain::SequenceNumber, const ports::FillFilter&) {
  return NotFaked();
}
absl::StatusOr<std::vector<ports::BalanceRow>> FakeHistory::ListBalances(domain::SequenceNumber, domain::AccountId) {
  return NotFaked();
}
absl::StatusOr<std::vector<ports::AccountRow>> FakeHistory::ListAccounts(domain::SequenceNumber) { return NotFaked(); }
absl::StatusOr<std::vector<ports::ApiKeyRow>> FakeHistory::ListApiKeys(domain::AccountId) { return NotFaked(); }

void FakeHistory::SetPresent(bool present) {
  std::lock_guard lock(mutex_);
  present_ = present;
}

void FakeHistory::Hold(bool hold) {
  {
    std::lock_guard lock(mutex_);
    hold_ = hold;
  }
  changed_.notify_all();
}

bool FakeHistory::WaitForHeld(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return held_ >= count; });
}

}  // namespace xt::notifier::testing
