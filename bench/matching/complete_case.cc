// The complete engine: 1,000 funded accounts, balances reserved and settled per order, all events written, self-trade
// prevention off (with it the trades would be others), no client order ids, as the peers measure.
#include <algorithm>
#include <string>
#include <variant>

#include "bench/matching/measure.h"
#include "libs/base/check.h"
#include "services/matching/core/engine.h"

namespace xt::bench {
namespace {

using domain::OrderId;
using domain::Side;
using matching::Engine;
using matching::EngineConfig;

constexpr std::uint32_t kAccounts = 1'000;

class Exchange {
 public:
  explicit Exchange(const Workload& workload) : engine_(Config(workload)), numbers_(workload.most_live + 2) {
    engine_.Apply(Next(), 0, {domain::DefineAsset{*domain::AssetCode::From("BTC"), 8}});
    engine_.Apply(Next(), 0, {domain::DefineAsset{*domain::AssetCode::From("KRW"), 0}});
    domain::Symbol symbol;
    symbol.code = *domain::SymbolCode::From("BTC-KRW");
    symbol.base = domain::AssetId(0);
    symbol.quote = domain::AssetId(1);
    symbol.tick_size = domain::Amount(1);
    symbol.lot_size = domain::Amount(100'000'000);
    engine_.Apply(Next(), 0, {domain::DefineSymbol{symbol}});
    for (std::uint32_t i = 1; i <= kAccounts; ++i) Fund(domain::AccountId(i));
  }

  // The engine's id of the order, 0 for a cancel.
  OrderId Apply(const domain::Command& command, std::uint32_t number) {
    const auto events = engine_.Apply(Next(), 0, command);
    OrderId own(0);
    for (const domain::Event& event : events) {
      if (const auto* trade = std::get_if<domain::Trade>(&event)) {
        const auto price = static_cast<std::uint64_t>(trade->price.value());
        const auto quantity = static_cast<std::uint64_t>(trade->quantity.value());
        const std::uint32_t maker = numbers_[SlotOf(trade->maker_order_id)];
        digest_.Add(maker, number, price, quantity);
        ring_.Write({maker, number, price, static_cast<std::uint32_t>(quantity), RingEventKind::kTrade});
      } else if (const auto* report = std::get_if<domain::ExecutionReport>(&event); report && !report->maker) {
        own = report->order_id;
        const auto kind = report->execution_type == domain::ExecutionType::kCanceled ? RingEventKind::kCanceled
                                                                                     : RingEventKind::kAcknowledged;
        ring_.Write({own.value(), number, 0, 0, kind});
      }
    }
    if (std::holds_alternative<domain::NewOrder>(command.body) && own.value() != 0) numbers_[SlotOf(own)] = number;
    return own;
  }

  [[nodiscard]] WorkloadAnswer Answer() const { return digest_.Answer(engine_.open_orders()); }

 private:
  static EngineConfig Config(const Workload& workload) {
    EngineConfig config;
    config.max_orders = workload.most_live + 1;
    config.max_client_ids = 2 * kAccounts;
    config.max_accounts = kAccounts;
    return config;
  }

  static std::size_t SlotOf(OrderId id) { return static_cast<std::uint32_t>(id.value()); }
  domain::SequenceNumber Next() { return domain::SequenceNumber(++sequence_); }

  void Fund(domain::AccountId account) {
    const auto name = domain::AccountName::From("trader-" + std::to_string(account.value()));
    engine_.Apply(Next(), 0, {domain::CreateAccount{*name}});
    for (std::uint16_t asset = 0; asset < 2; ++asset) {
      const auto reference = domain::ClientOrderId::From("funding-" + std::to_string(asset));
      engine_.Apply(
          Next(), 0,
          {domain::Deposit{account, domain::AssetId(asset), domain::Amount(9'000'000'000'000'000), *reference}});
    }
  }

  Engine engine_;
  std::vector<std::uint32_t> numbers_;  // of the orders, by slot
  TradeDigest digest_;
  EventRing ring_;
  std::uint64_t sequence_ = 0;
};

struct Prepared {
  domain::Command command;
  std::uint32_t number = 0;
};

domain::AccountId AccountOf(std::uint32_t number) { return domain::AccountId(1 + number % kAccounts); }

domain::Command MakeOrder(const Message& message) {
  domain::NewOrder order;
  order.account = AccountOf(message.id);
  order.symbol = domain::SymbolId(0);
  order.side = message.side;
  order.type = message.kind == MessageKind::kMarket ? domain::OrderType::kMarket : domain::OrderType::kLimit;
  order.time_in_force = message.kind == MessageKind::kAdd ? domain::TimeInForce::kGtc : domain::TimeInForce::kIoc;
  order.self_trade_prevention = domain::SelfTradePrevention::kNone;
  if (message.kind != MessageKind::kMarket) order.price = domain::Price(message.price);
  order.quantity = domain::Quantity(message.quantity);
  return {order};
}

std::vector<Prepared> Prepare(const Workload& workload) {
  Exchange exchange(workload);
  std::vector<std::uint64_t> ids(std::size_t{workload.orders} + 1);
  std::vector<Prepared> commands;
  commands.reserve(workload.messages.size());
  for (const Message& message : workload.messages) {
    Prepared prepared{{}, message.id};
    if (message.kind == MessageKind::kCancel) {
      prepared.command = {domain::CancelOrder{AccountOf(message.id), OrderId(ids[message.id]), {}}};
    } else {
      prepared.command = MakeOrder(message);
    }
    const OrderId id = exchange.Apply(prepared.command, message.id);
    if (message.kind != MessageKind::kCancel) ids[message.id] = id.value();
    commands.push_back(prepared);
  }
  return commands;
}

const std::vector<Prepared>* prepared_commands = nullptr;

class Driver {
 public:
  explicit Driver(const Workload& workload) : commands_(*prepared_commands), exchange_(workload) {}
  void Run(std::size_t i) { exchange_.Apply(commands_[i].command, commands_[i].number); }
  [[nodiscard]] WorkloadAnswer Answer() const { return exchange_.Answer(); }
  [[nodiscard]] static std::uint64_t BytesPerOrder() {
    return sizeof(matching::OrderSlab<matching::OrderDetail>::OrderType);
  }

 private:
  const std::vector<Prepared>& commands_;
  Exchange exchange_;
};

}  // namespace

CaseResult RunComplete(const WorkloadSpec& spec, const Workload& workload, int rounds) {
  const std::vector<Prepared> commands = Prepare(workload);
  prepared_commands = &commands;
  CaseResult result = Measure<Driver>(std::string(spec.name) + "-complete", workload, rounds);
  result.expected = spec.answer;
  prepared_commands = nullptr;
  return result;
}

}  // namespace xt::bench
