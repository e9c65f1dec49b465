#include "tests/fuzz/command_reader.h"

#include <array>
#include <limits>
#include <string>
#include <variant>

namespace xt::fuzz {

using namespace domain;  // NOLINT: this file speaks of nothing else

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kBig = std::numeric_limits<std::int64_t>::max();
constexpr std::array kHostile = {kBig,
                                 kBig - 1,
                                 std::numeric_limits<std::int64_t>::min(),
                                 std::int64_t{-1},
                                 std::int64_t{1} << 31,
                                 std::int64_t{1} << 32,
                                 std::int64_t{1} << 62,
                                 std::int64_t{1'000'000'000'000},
                                 std::int64_t{1'000'000'000'001},
                                 std::int64_t{1'000'000},
                                 std::int64_t{86'400'000},
                                 std::int64_t{9'000'000'000'000},
                                 std::int64_t{3'037'000'500},
                                 std::int64_t{100'000'000'000}};

}  // namespace

std::uint8_t CommandReader::Byte() {
  if (rest_.empty()) return 0;
  const std::uint8_t byte = rest_.front();
  rest_ = rest_.subspan(1);
  return byte;
}

std::uint64_t CommandReader::Word() {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word |= std::uint64_t{Byte()} << (8 * i);
  return word;
}

std::int64_t CommandReader::Value() {
  const std::uint8_t byte = Byte();
  if (byte < 220) return byte;
  if (byte < 240) return kHostile[byte % kHostile.size()];
  if (byte < 248) return std::int64_t{Byte()} << (Byte() % 56);
  return static_cast<std::int64_t>(Word());
}

template <typename T>
T CommandReader::Enum(int least, int most) {
  const int byte = Byte();
  return static_cast<T>(byte < 240 ? least + byte % (most - least + 1) : byte);
}

AccountId CommandReader::Account() {
  const std::uint8_t byte = Byte();
  return AccountId(byte < 240 ? 1u + byte % 4u : byte < 252 ? byte % 12u : static_cast<std::uint32_t>(Word()));
}

SymbolId CommandReader::Symbol() {
  const std::uint8_t byte = Byte();
  return SymbolId(byte < 250 ? static_cast<std::uint16_t>(byte % 10 / 2) : static_cast<std::uint16_t>(Word()));
}

AssetId CommandReader::Asset() {
  const std::uint8_t byte = Byte();
  return AssetId(byte < 250 ? static_cast<std::uint16_t>(byte % 6) : static_cast<std::uint16_t>(Word()));
}

OrderGroup CommandReader::Group() {
  const std::uint8_t byte = Byte();
  return OrderGroup(byte < 128 ? 0u : byte % 4u);
}

OrderId CommandReader::Order() {
  const std::uint8_t byte = Byte();
  if (byte >= 252) return OrderId(Word());
  if (byte == 0 || orders_.empty()) return OrderId(0);
  return orders_[orders_.size() - 1 - byte % orders_.size()];
}

ClientOrderId CommandReader::Id(char prefix) {
  const std::uint8_t byte = Byte();
  if (byte < 80) return {};
  if (byte == 255) return *ClientOrderId::From("no blanks");
  return *ClientOrderId::From(prefix + std::to_string(byte));
}

std::int64_t CommandReader::ReadStepNs() {
  const std::uint8_t byte = Byte();
  if (byte < 160) return 0;
  if (byte < 250) return std::int64_t{byte - 159} * std::int64_t{byte - 159} * kNsPerMs / 4;
  return std::int64_t{byte - 249} * 6 * 3'600'000 * kNsPerMs;
}

bool CommandReader::ReadRestart() { return Byte() >= 250; }

void CommandReader::Observe(std::span<const Event> events) {
  for (const Event& event : events) {
    const auto* report = std::get_if<ExecutionReport>(&event);
    if (report != nullptr && report->execution_type == ExecutionType::kNew) orders_.push_back(report->order_id);
  }
}

Command CommandReader::ReadCommand(std::int64_t now_ns) {
  now_ns_ = now_ns;
  Command command;
  command.body = ReadBody();
  return command;
}

CommandBody CommandReader::ReadBody() {
  const std::uint8_t kind = Byte();
  if (kind < 130) return ReadOrder();
  if (kind < 150) return ReadNamed();
  if (kind < 165) {
    const CancelOrder named = ReadNamed();
    return AmendOrder{named.account, named.order_id, named.client_order_id, Quantity(Value())};
  }
  if (kind < 180) {
    const CancelOrder named = ReadNamed();
    return CancelReplace{named.order_id, named.client_order_id, Enum<ReplaceMode>(1, 2), ReadOrder()};
  }
  if (kind < 186) return CancelAll{Account(), Byte() < 128 ? kAllSymbols : Symbol(), Group()};
  if (kind < 194) return SetCountdown{Account(), Group(), Value()};
  if (kind < 210) return ReadTransfer();
  if (kind < 218) return SetSymbolStatus{Symbol(), Enum<SymbolStatus>(1, 3)};
  if (kind < 228) return ReadSymbolLimits();
  if (kind < 234) return SetAccountStatus{Account(), Enum<AccountStatus>(0, 4)};
  if (kind < 240) return ReadAccountSettings();
  if (kind < 248) return ReadReferenceData();
  return Tick{};
}

NewOrder CommandReader::ReadOrder() {
  NewOrder order;
  order.account = Account();
  order.symbol = Symbol();
  order.side = Enum<Side>(1, 2);
  order.type = Enum<OrderType>(1, 8);
  order.time_in_force = Enum<TimeInForce>(0, 4);
  order.self_trade_prevention = Enum<SelfTradePrevention>(0, 5);
  // Which of the fields that only some types have is there: as the type asks, or as the bits say.
  const std::uint8_t fields = Byte();
  const bool exact = fields < 200;
  const auto has = [&](bool wants, int bit) { return exact ? wants : (fields >> bit & 1) != 0; };
  const bool stop = order.type >= OrderType::kStopLoss && order.type <= OrderType::kTakeProfitLimit;
  const bool market =
      order.type == OrderType::kMarket || order.type == OrderType::kStopLoss || order.type == OrderType::kTakeProfit;
  const bool by_quote = order.type == OrderType::kMarket && fields % 3 == 0;
  if (has(!market, 0)) order.price = Price(Value());
  if (has(stop, 1)) order.stop_price = Price(Value());
  if (has(!by_quote, 2)) order.quantity = Quantity(Value());
  if (has(order.type == OrderType::kIceberg, 3)) order.iceberg_quantity = Quantity(Value());
  if (has(by_quote, 4)) {
    const std::int64_t value = Value();
    order.quote_quantity = Amount(value >= 0 && value < 256 && fields % 2 != 0 ? value * 10'000 : value);
  }
  if (has(order.time_in_force == TimeInForce::kGtd, 5)) {
    const std::int64_t value = Value();
    order.expire_time_ms = value >= 0 && value < 256 ? now_ns_ / kNsPerMs + value : value;
  }
  order.group = Group();
  order.client_order_id = Id('o');
  return order;
}

CancelOrder CommandReader::ReadNamed() {
  CancelOrder cancel;
  cancel.account = Account();
  cancel.order_id = Order();
  if (cancel.order_id.value() == 0) cancel.client_order_id = Id('o');
  return cancel;
}

CommandBody CommandReader::ReadTransfer() {
  const std::uint8_t kind = Byte();
  const AccountId account = Account();
  const AssetId asset = Asset();
  const Amount amount(Value());
  const ClientOrderId reference = Id('t');
  if (kind < 100) return Deposit{account, asset, amount, reference};
  if (kind < 170) return Withdraw{account, asset, amount, reference};
  return Transfer{account, Account(), asset, amount, reference};
}

CommandBody CommandReader::ReadSymbolLimits() {
  SetSymbolLimits change{Symbol(), {}};
  const std::uint8_t fields = Byte();
  if ((fields & 1) != 0) change.limits.max_notional = Amount(Value());
  if ((fields & 2) != 0) change.limits.max_position = Amount(Value());
  if ((fields & 4) != 0) change.limits.price_deviation_bps = static_cast<std::int32_t>(Value());
  if ((fields & 8) != 0) change.limits.lower_price = Price(Value());
  if ((fields & 16) != 0) change.limits.upper_price = Price(Value());
  return change;
}

CommandBody CommandReader::ReadAccountSettings() {
  ConfigureAccount configure;
  configure.account = Byte() < 16 ? kFeeAccount : Account();
  configure.settings.fee_tier = FeeTierId(Enum<std::uint8_t>(0, 3));
  configure.settings.self_trade_prevention = Enum<SelfTradePrevention>(0, 5);
  const std::uint8_t fields = Byte();
  if ((fields & 1) != 0) configure.settings.max_open_orders = static_cast<std::uint32_t>(Value());
  if ((fields & 2) != 0) configure.settings.max_orders = static_cast<std::uint32_t>(Value());
  if ((fields & 4) != 0) configure.settings.order_interval_ms = static_cast<std::uint32_t>(Value());
  return configure;
}

CommandBody CommandReader::ReadReferenceData() {
  switch (Byte() % 5) {
    case 0: return EpochStart{Epoch(static_cast<std::uint64_t>(Value()))};
    case 1: {
      const auto tier = Enum<std::uint8_t>(1, 3);
      return DefineFeeTier{{FeeTierId(tier), static_cast<std::int32_t>(Value()), static_cast<std::int32_t>(Value())}};
    }
    case 2: return CreateAccount{*AccountName::From("f" + std::to_string(Byte() % 8))};
    case 3: return DefineAsset{*AssetCode::From("F" + std::to_string(Byte() % 4)), static_cast<std::int32_t>(Value())};
    default: break;
  }
  constexpr std::array kCodes = {"BTC-KRW", "KRW-BTC", "TINY-WEI", "F0-KRW", "WEI-TINY", "USDT-BTC"};
  DefineSymbol define;
  define.symbol.code = *SymbolCode::From(kCodes[Byte() % kCodes.size()]);
  define.symbol.base = Asset();
  define.symbol.quote = Asset();
  define.symbol.tick_size = Amount(Value());
  define.symbol.lot_size = Amount(Value());
  define.symbol.min_notional = Amount(Value());
  const std::uint8_t fields = Byte();
  if ((fields & 1) != 0) define.symbol.max_quantity = Quantity(Value());
  if ((fields & 2) != 0) define.symbol.max_price = Price(Value());
  if ((fields & 4) != 0) define.symbol.maker_fee_bps = static_cast<std::int32_t>(Value());
  if ((fields & 8) != 0) define.symbol.taker_fee_bps = static_cast<std::int32_t>(Value());
  return define;
}

}  // namespace xt::fuzz
