#include "libs/wire/testing/random_values.h"

#include "libs/domain/reject_reason.h"

namespace xt::wire::testing {
namespace {

constexpr std::string_view kCodeCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view kIdCharacters = "ABCXYZabcxyz0189._:/-";
constexpr std::string_view kNameCharacters = "ABCXYZabcxyz0189._-";

}  // namespace

domain::ClientOrderId RandomValues::ClientId() { return Name<domain::ClientOrderId>(kIdCharacters); }
domain::AssetCode RandomValues::Code() { return Name<domain::AssetCode>(kCodeCharacters); }

domain::Symbol RandomValues::Symbol() {
  domain::Symbol symbol;
  symbol.id = Any<domain::SymbolId>();
  symbol.code = *domain::SymbolCode::From(std::string(Code().view()) + "-" + std::string(Code().view()));
  symbol.base = Any<domain::AssetId>();
  symbol.quote = Any<domain::AssetId>();
  symbol.base_decimals = static_cast<int>(Below(19));
  symbol.quote_decimals = static_cast<int>(Below(19));
  symbol.tick_size = Any<domain::Amount>();
  symbol.lot_size = Any<domain::Amount>();
  symbol.min_notional = Any<domain::Amount>();
  symbol.max_quantity = Any<domain::Quantity>();
  symbol.max_price = Any<domain::Price>();
  symbol.maker_fee_bps = static_cast<std::int32_t>(engine_());
  symbol.taker_fee_bps = static_cast<std::int32_t>(engine_());
  symbol.status = UpTo(domain::SymbolStatus::kCancelOnly);
  symbol.tick_lot_value = Any<domain::Amount>();
  return symbol;
}

domain::NewOrder RandomValues::NewOrder() {
  domain::NewOrder order;
  order.account = Any<domain::AccountId>();
  order.symbol = Any<domain::SymbolId>();
  order.side = UpTo(domain::Side::kSell);
  order.type = UpTo(domain::OrderType::kIceberg);
  order.time_in_force = UpTo(domain::TimeInForce::kGtd);
  order.self_trade_prevention = UpTo(domain::SelfTradePrevention::kDecrement);
  order.price = Any<domain::Price>();
  order.stop_price = Any<domain::Price>();
  order.quantity = Any<domain::Quantity>();
  order.iceberg_quantity = Any<domain::Quantity>();
  order.quote_quantity = Any<domain::Amount>();
  order.expire_time_ms = static_cast<std::int64_t>(engine_());
  order.group = Any<domain::OrderGroup>();
  order.client_order_id = ClientId();
  return order;
}

domain::AccountSettings RandomValues::Settings() {
  return {Any<domain::FeeTierId>(), UpTo(domain::SelfTradePrevention::kDecrement),
          static_cast<std::uint32_t>(engine_()), static_cast<std::uint32_t>(engine_()),
          static_cast<std::uint32_t>(engine_())};
}

domain::FeeTier RandomValues::FeeTier() {
  return {Any<domain::FeeTierId>(), static_cast<std::int32_t>(engine_()), static_cast<std::int32_t>(engine_())};
}

domain::SymbolLimits RandomValues::Limits() {
  return {Any<domain::Amount>(), Any<domain::Amount>(), static_cast<std::int32_t>(engine_()), Any<domain::Price>(),
          Any<domain::Price>()};
}

domain::Command RandomValues::Command(std::size_t alternative) {
  switch (alternative) {
    case 0: return {NewOrder()};
    case 1: return {domain::CancelOrder{Any<domain::AccountId>(), Any<domain::OrderId>(), ClientId()}};
    case 2: return {domain::DefineAsset{Code(), static_cast<std::int32_t>(engine_())}};
    case 3: return {domain::DefineSymbol{Symbol()}};
    case 4: return {domain::SetSymbolStatus{Any<domain::SymbolId>(), UpTo(domain::SymbolStatus::kCancelOnly)}};
    case 5: return {domain::CreateAccount{Name<domain::AccountName>(kNameCharacters)}};
    case 6:
      return {domain::Deposit{Any<domain::AccountId>(), Any<domain::AssetId>(), Any<domain::Amount>(), ClientId()}};
    case 7:
      return {domain::Withdraw{Any<domain::AccountId>(), Any<domain::AssetId>(), Any<domain::Amount>(), ClientId()}};
    case 8: return {domain::EpochStart{domain::Epoch(1 + Below(1'000'000))}};
    case 9: return {domain::CancelAll{Any<domain::AccountId>(), Any<domain::SymbolId>(), Any<domain::OrderGroup>()}};
    case 10:
      return {domain::CancelReplace{Any<domain::OrderId>(), ClientId(), UpTo(domain::ReplaceMode::kAllowFailure),
                                    NewOrder()}};
    case 11:
      return {
          domain::AmendOrder{Any<domain::AccountId>(), Any<domain::OrderId>(), ClientId(), Any<domain::Quantity>()}};
    case 12:
      return {domain::SetCountdown{Any<domain::AccountId>(), Any<domain::OrderGroup>(),
                                   static_cast<std::int64_t>(engine_())}};
    case 13:
      return {domain::Transfer{Any<domain::AccountId>(), Any<domain::AccountId>(), Any<domain::AssetId>(),
                               Any<domain::Amount>(), ClientId()}};
    case 14: return {domain::SetAccountStatus{Any<domain::AccountId>(), UpTo(domain::AccountStatus::kClosed)}};
    case 15: return {domain::ConfigureAccount{Any<domain::AccountId>(), Settings()}};
    case 16: return {domain::DefineFeeTier{FeeTier()}};
    case 17: return {domain::SetSymbolLimits{Any<domain::SymbolId>(), Limits()}};
    default: return {domain::Tick{}};
  }
}

domain::ExecutionReport RandomValues::Report() {
  const auto reasons = domain::AllRejectReasons();
  domain::ExecutionReport report;
  report.account = Any<domain::AccountId>();
  report.order_id = Any<domain::OrderId>();
  report.client_order_id = ClientId();
  report.symbol = Any<domain::SymbolId>();
  report.side = UpTo(domain::Side::kSell);
  report.type = UpTo(domain::OrderType::kIceberg);
  report.time_in_force = UpTo(domain::TimeInForce::kGtd);
  report.execution_type = UpTo(domain::ExecutionType::kPrevented);
  report.status = UpTo(domain::OrderStatus::kRejected);
  report.reject_reason = reasons[Below(reasons.size())];
  report.price = Any<domain::Price>();
  report.quantity = Any<domain::Quantity>();
  report.quote_quantity = Any<domain::Amount>();
  report.executed_quantity = Any<domain::Quantity>();
  report.executed_quote = Any<domain::Amount>();
  report.expire_time_ms = static_cast<std::int64_t>(engine_());
  report.trade_id = Any<domain::TradeId>();
  report.last_price = Any<domain::Price>();
  report.last_quantity = Any<domain::Quantity>();
  report.fee = Any<domain::Amount>();
  report.fee_asset = Any<domain::AssetId>();
  report.maker = Below(2) == 1;
  report.stop_price = Any<domain::Price>();
  report.iceberg_quantity = Any<domain::Quantity>();
  report.group = Any<domain::OrderGroup>();
  return report;
}

domain::Event RandomValues::Event(std::size_t alternative) {
  switch (alternative) {
    case 0: return Report();
    case 1:
      return domain::Trade{Any<domain::TradeId>(),  Any<domain::SymbolId>(),   Any<domain::Price>(),
                           Any<domain::Quantity>(), UpTo(domain::Side::kSell), Any<domain::OrderId>(),
                           Any<domain::OrderId>(),  Any<domain::AccountId>(),  Any<domain::AccountId>()};
    case 2:
      return domain::BookChange{Any<domain::SymbolId>(), UpTo(domain::Side::kSell), Any<domain::Price>(),
                                Any<domain::Quantity>(), static_cast<std::uint32_t>(engine_())};
    case 3:
      return domain::BalanceChange{
          Any<domain::AccountId>(), Any<domain::AssetId>(), UpTo(domain::BalanceReason::kTransfer),
          Any<domain::Amount>(),    Any<domain::Amount>(),  Any<domain::Amount>(),
          Any<domain::Amount>(),    Any<domain::OrderId>(), Any<domain::TradeId>()};
    case 4: return domain::AssetDefined{{Any<domain::AssetId>(), Code(), static_cast<int>(Below(19))}};
    case 5: return domain::SymbolDefined{Symbol()};
    case 6: return domain::AccountCreated{Any<domain::AccountId>(), Name<domain::AccountName>(kNameCharacters)};
    case 7: {
      const auto reasons = domain::AllRejectReasons();
      return domain::CommandRejected{Any<domain::AccountId>(), reasons[Below(reasons.size())],
                                     Name<domain::FixedString<24>>(kNameCharacters), ClientId(),
                                     Any<domain::SequenceNumber>()};
    }
    case 8: return domain::EpochStarted{domain::Epoch(1 + Below(1'000'000))};
    case 9: {
      const auto reasons = domain::AllRejectReasons();
      return domain::RiskDecision{Any<domain::AccountId>(), Any<domain::SymbolId>(), ClientId(),
                                  static_cast<std::uint32_t>(engine_()), reasons[Below(reasons.size())]};
    }
    case 10:
      return domain::OrdersCanceled{Any<domain::AccountId>(), Any<domain::OrderGroup>(),
                                    UpTo(domain::MassCancelReason::kBlacklisted),
                                    static_cast<std::uint32_t>(engine_())};
    case 11:
      return domain::CountdownChanged{Any<domain::AccountId>(), Any<domain::OrderGroup>(),
                                      static_cast<std::int64_t>(engine_())};
    case 12: return domain::AccountChanged{Any<domain::AccountId>(), UpTo(domain::AccountStatus::kClosed), Settings()};
    case 13: return domain::FeeTierDefined{FeeTier()};
    case 14: return domain::SymbolLimitsChanged{Any<domain::SymbolId>(), Limits()};
    default: return domain::Ticked{};
  }
}

domain::Frame RandomValues::Frame(std::size_t commands) {
  domain::Frame frame;
  frame.epoch = domain::Epoch(1 + Below(1'000'000));
  frame.first_sequence = domain::SequenceNumber(1 + Below(std::uint64_t{1} << 62U));
  frame.timestamp_ns = static_cast<std::int64_t>(Below(std::uint64_t{1} << 62U));
  frame.previous_hash = {engine_(), engine_()};
  for (std::size_t i = 0; i < commands; ++i) frame.commands.push_back(Command());
  return frame;
}

domain::CommandResult RandomValues::Result(std::size_t events) {
  domain::CommandResult result;
  result.sequence = domain::SequenceNumber(1 + Below(std::uint64_t{1} << 62U));
  result.timestamp_ns = static_cast<std::int64_t>(engine_());
  for (std::size_t i = 0; i < events; ++i) result.events.push_back(Event());
  return result;
}

}  // namespace xt::wire::testing
