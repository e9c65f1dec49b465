#include "services/matching/core/event_expander.h"

#include <variant>

#include "services/matching/core/engine.h"

namespace xt::matching {

using domain::AccountId;
using domain::Amount;
using domain::AssetId;
using domain::BalanceReason;
using domain::ExecutionReport;
using domain::ExecutionType;
using domain::OrderStatus;
using domain::Price;
using domain::Quantity;
using domain::Side;

// One command's outcomes, in order. `order_` is the order that works at the moment.
class EventExpander::Pass {
 public:
  Pass(const Engine& engine, std::vector<domain::Event>& events) : engine_(engine), events_(events) {}

  void Take(const OutcomeHead& head, const std::byte* record) {
    switch (head.kind) {
      case OutcomeKind::kRested: return Rest(ReadOutcome<RestedOutcome>(record));
      case OutcomeKind::kLeft: return Leave(record);
      case OutcomeKind::kEntered: return Enter(record);
      case OutcomeKind::kFill: return Fill(record);
      case OutcomeKind::kDecreased: return Decrease(ReadOutcome<DecreasedOutcome>(record));
      case OutcomeKind::kFinished: return Finish(ReadOutcome<FinishedOutcome>(record));
      case OutcomeKind::kOrder: return TellOrder(record);
      case OutcomeKind::kBidLevel: return TellLevel(Side::kBuy, ReadOutcome<LevelOutcome>(record));
      case OutcomeKind::kAskLevel: return TellLevel(Side::kSell, ReadOutcome<LevelOutcome>(record));
      case OutcomeKind::kEvent: events_.push_back(ReadOutcome<EventOutcome>(record).event); return;
    }
  }

 private:
  template <typename T>
  T& Emit() {
    return std::get<T>(events_.emplace_back(std::in_place_type<T>));
  }

  [[nodiscard]] domain::ClientOrderId ClientId(std::uint32_t ref) const { return engine_.client_ids()[ref].id; }

  template <typename Outcome>
  static void Extend(ExecutionReport& report, const Outcome& outcome, const std::byte* record) {
    if (!outcome.has_extension) return;
    const OrderExtension& extension = ReadExtension<Outcome>(record);
    report.stop_price = Price(extension.stop_price);
    report.iceberg_quantity = Quantity(extension.iceberg_quantity);
    report.expire_time_ms = extension.expire_time_ms;
    report.group = domain::OrderGroup(static_cast<std::uint32_t>(extension.group));
  }

  void Change(AccountId account, AssetId asset, BalanceReason reason, std::int64_t available, std::int64_t locked,
              domain::OrderId order, domain::TradeId trade = {}) {
    if (available == 0 && locked == 0) return;
    auto& change = Emit<domain::BalanceChange>();
    change.account = account;
    change.asset = asset;
    change.reason = reason;
    change.available_delta = Amount(available);
    change.locked_delta = Amount(locked);
    change.order_id = order;
    change.trade_id = trade;
  }

  [[nodiscard]] AssetId Reserved(Side side) const { return side == Side::kBuy ? symbol_->quote : symbol_->base; }

  void Enter(const std::byte* record) {
    const auto& entered = ReadOutcome<EnteredOutcome>(record);
    symbol_ = &engine_.symbol(domain::SymbolId(entered.head.symbol));
    order_ = {};
    order_.account = AccountId(entered.head.account);
    order_.order_id = domain::OrderId(entered.order_id);
    order_.client_order_id = ClientId(entered.client_id);
    order_.symbol = symbol_->id;
    order_.side = entered.side;
    order_.type = entered.type;
    order_.time_in_force = entered.time_in_force;
    order_.price = Price(entered.price);
    order_.quantity = Quantity(entered.quantity);
    order_.quote_quantity = Amount(entered.quote_quantity);
    Extend(order_, entered, record);
    Change(order_.account, Reserved(order_.side), BalanceReason::kReservation, -entered.reserve, entered.reserve,
           order_.order_id);
  }

  void Rest(const RestedOutcome& rested) {
    const domain::Symbol& symbol = engine_.symbol(domain::SymbolId(rested.head.symbol));
    const AccountId account(rested.head.account);
    const domain::OrderId order(rested.order_id);
    Change(account, rested.side == Side::kBuy ? symbol.quote : symbol.base, BalanceReason::kReservation,
           -rested.reserve, rested.reserve, order);
    ExecutionReport& report = Emit<ExecutionReport>();
    report.account = account;
    report.order_id = order;
    report.client_order_id = ClientId(rested.client_id);
    report.symbol = symbol.id;
    report.side = rested.side;
    report.type = domain::OrderType::kLimit;
    report.time_in_force = rested.time_in_force;
    report.execution_type = ExecutionType::kNew;
    report.status = OrderStatus::kNew;
    report.price = Price(rested.price);
    report.quantity = Quantity(rested.quantity);
    TellLevel(symbol.id, rested.side, rested.price, rested.level_quantity, rested.level_orders);
  }

  void Leave(const std::byte* record) {
    TellOrder(record);
    const auto& left = ReadOutcome<LeftOutcome>(record);
    TellLevel(domain::SymbolId(left.order.head.symbol), left.order.side, left.order.price, left.level_quantity,
              left.level_orders);
  }

  struct Party {
    AccountId account;
    domain::OrderId order;
    std::int64_t fee;
  };

  void Fill(const std::byte* record) {
    const auto& fill = ReadOutcome<FillOutcome>(record);
    const std::int64_t quote = fill.price * fill.quantity * symbol_->tick_lot_value.value();
    const std::int64_t base = fill.quantity * symbol_->lot_size.value();
    const domain::TradeId trade_id(fill.trade_id);
    const Party taker{order_.account, order_.order_id, fill.taker_fee};
    const Party maker{AccountId(fill.head.account), domain::OrderId(fill.maker_order_id), fill.maker_fee};
    events_.emplace_back(domain::Trade{.trade_id = trade_id,
                                       .symbol = symbol_->id,
                                       .price = Price(fill.price),
                                       .quantity = Quantity(fill.quantity),
                                       .taker_side = order_.side,
                                       .maker_order_id = maker.order,
                                       .taker_order_id = taker.order,
                                       .maker_account = maker.account,
                                       .taker_account = taker.account});
    ReportMaker(fill, record);
    order_.executed_quantity += Quantity(fill.quantity);
    order_.executed_quote += Amount(quote);
    ExecutionReport& report = Emit<ExecutionReport>();
    report = order_;
    report.execution_type = ExecutionType::kTrade;
    report.status = fill.taker_filled ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled;
    SetFill(report, fill, fill.taker_fee);
    const bool buys = order_.side == Side::kBuy;
    // A limit locks at its own price and trades at a better one.
    const bool limited = buys && order_.price.value() != 0;
    const std::int64_t locked =
        limited ? order_.price.value() * fill.quantity * symbol_->tick_lot_value.value() : quote;
    const Party& buyer = buys ? taker : maker;
    const Party& seller = buys ? maker : taker;
    Change(buyer.account, symbol_->quote, BalanceReason::kTrade, 0, -quote, buyer.order, trade_id);
    Change(buyer.account, symbol_->quote, BalanceReason::kRelease, locked - quote, quote - locked, buyer.order,
           trade_id);
    Receive(buyer, symbol_->base, base, trade_id);
    Change(seller.account, symbol_->base, BalanceReason::kTrade, 0, -base, seller.order, trade_id);
    Receive(seller, symbol_->quote, quote, trade_id);
  }

  void Receive(const Party& party, AssetId asset, std::int64_t amount, domain::TradeId trade_id) {
    Change(party.account, asset, BalanceReason::kTrade, amount, 0, party.order, trade_id);
    Change(party.account, asset, BalanceReason::kFee, -party.fee, 0, party.order, trade_id);
    Change(domain::kFeeAccount, asset, BalanceReason::kFee, party.fee, 0, party.order, trade_id);
  }

  void ReportMaker(const FillOutcome& fill, const std::byte* record) {
    ExecutionReport& report = Emit<ExecutionReport>();
    report.account = AccountId(fill.head.account);
    report.order_id = domain::OrderId(fill.maker_order_id);
    report.client_order_id = ClientId(fill.maker_client_id);
    report.symbol = symbol_->id;
    report.side = order_.side == Side::kBuy ? Side::kSell : Side::kBuy;
    report.type = fill.maker_type;
    report.time_in_force = fill.maker_time_in_force;
    report.execution_type = ExecutionType::kTrade;
    report.status = fill.maker_left == 0 ? OrderStatus::kFilled : OrderStatus::kPartiallyFilled;
    report.price = Price(fill.price);
    report.quantity = Quantity(fill.maker_quantity);
    report.executed_quantity = Quantity(fill.maker_quantity - fill.maker_left);
    report.executed_quote = Amount(fill.maker_executed_quote);
    Extend(report, fill, record);
    SetFill(report, fill, fill.maker_fee);
    report.maker = true;
  }

  void SetFill(ExecutionReport& report, const FillOutcome& fill, std::int64_t fee) const {
    report.trade_id = domain::TradeId(fill.trade_id);
    report.last_price = Price(fill.price);
    report.last_quantity = Quantity(fill.quantity);
    report.fee = Amount(fee);
    report.fee_asset = report.side == Side::kBuy ? symbol_->base : symbol_->quote;
  }

  void Decrease(const DecreasedOutcome& decreased) {
    order_.quantity -= Quantity(decreased.quantity);
    Change(order_.account, Reserved(order_.side), BalanceReason::kRelease, decreased.release, -decreased.release,
           order_.order_id);
  }

  void Finish(const FinishedOutcome& finished) {
    if (finished.execution_type != ExecutionType::kUnspecified) {
      ExecutionReport& report = Emit<ExecutionReport>();
      report = order_;
      report.execution_type = finished.execution_type;
      report.status = finished.status;
    }
    Change(order_.account, Reserved(order_.side), BalanceReason::kRelease, finished.release, -finished.release,
           order_.order_id);
  }

  void TellOrder(const std::byte* record) {
    const auto& told = ReadOutcome<OrderOutcome>(record);
    const domain::Symbol& symbol = engine_.symbol(domain::SymbolId(told.head.symbol));
    ExecutionReport& report = Emit<ExecutionReport>();
    report.account = AccountId(told.head.account);
    report.order_id = domain::OrderId(told.order_id);
    report.client_order_id = ClientId(told.client_id);
    report.symbol = symbol.id;
    report.side = told.side;
    report.type = told.type;
    report.time_in_force = told.time_in_force;
    report.execution_type = told.execution_type;
    report.status = told.status;
    report.price = Price(told.price);
    report.quantity = Quantity(told.quantity);
    report.executed_quantity = Quantity(told.executed);
    report.executed_quote = Amount(told.executed_quote);
    Extend(report, told, record);
    Change(AccountId(told.head.account), told.side == Side::kBuy ? symbol.quote : symbol.base, BalanceReason::kRelease,
           told.release, -told.release, domain::OrderId(told.order_id));
  }

  void TellLevel(Side side, const LevelOutcome& level) {
    TellLevel(domain::SymbolId(level.head.symbol), side, level.price, level.quantity, level.head.account);
  }

  void TellLevel(domain::SymbolId symbol, Side side, std::int64_t price, std::int64_t quantity, std::uint32_t orders) {
    events_.emplace_back(domain::BookChange{
        .symbol = symbol, .side = side, .price = Price(price), .quantity = Quantity(quantity), .order_count = orders});
  }

  const Engine& engine_;
  std::vector<domain::Event>& events_;
  const domain::Symbol* symbol_ = nullptr;
  ExecutionReport order_;
};

void EventExpander::Expand(const Engine& engine, std::span<const std::byte> outcomes,
                           std::vector<domain::Event>& events) {
  const std::size_t first = events.size();
  Pass pass(engine, events);
  ForEachOutcome(outcomes, [&](const OutcomeHead& head, const std::byte* record) { pass.Take(head, record); });
  CountBack(engine, std::span(events).subspan(first));
}

// From the end: the last change of a balance left it as it is now, the one before that as it was before the last one.
void EventExpander::CountBack(const Engine& engine, std::span<domain::Event> events) {
  running_.clear();
  for (auto event = events.rbegin(); event != events.rend(); ++event) {
    auto* change = std::get_if<domain::BalanceChange>(&*event);
    if (change == nullptr) continue;
    const auto [entry, is_last] = running_.try_emplace({change->account, change->asset});
    Running& running = entry->second;
    if (is_last) {
      const Balance& now = engine.accounts().At(change->account, change->asset);
      running = {Amount(now.available), Amount(now.locked)};
    }
    change->available = running.available;
    change->locked = running.locked;
    running.available -= change->available_delta;
    running.locked -= change->locked_delta;
  }
}

}  // namespace xt::matching
