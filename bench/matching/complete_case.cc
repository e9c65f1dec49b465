// The complete engine: 1,000 funded accounts, balances reserved and settled per order, maker and taker fees, every outcome
// written, self-trade prevention off (with it the trades would be others). Without client order ids, as the peers measure,
// and with one for each order. As in a frame of the journal, the next few commands are known.
#include <algorithm>
#include <array>
#include <string>
#include <variant>

#include "bench/matching/market.h"
#include "bench/matching/measure.h"
#include "libs/base/check.h"
#include "services/matching/core/engine.h"

namespace xt::bench {
namespace {

using domain::OrderId;
using domain::Side;
using matching::Engine;
using matching::EngineConfig;
using matching::OutcomeKind;

constexpr std::uint32_t kAccounts = 1'000;

domain::AccountId AccountOf(std::uint32_t number) { return domain::AccountId(1 + number % kAccounts); }

struct Command {
  std::uint64_t word = 0;  // the price; of a cancel the engine's id of the order
  std::uint32_t id = 0;
  std::uint16_t quantity = 0;
  MessageKind kind = MessageKind::kAdd;
  Side side = Side::kUnspecified;
};

class Exchange {
 public:
  Exchange(const Workload& workload, bool with_ids)
      : with_ids_(with_ids),
        most_live_(workload.most_live),
        engine_(Config(workload, with_ids)),
        numbers_(workload.most_live + 2) {
    Setup(domain::DefineAsset{*domain::AssetCode::From("BTC"), 8});
    Setup(domain::DefineAsset{*domain::AssetCode::From("KRW"), 0});
    domain::Symbol symbol = BtcKrw();
    symbol.maker_fee_bps = 10;
    symbol.taker_fee_bps = 20;
    Setup(domain::DefineSymbol{symbol});
    for (std::uint32_t i = 1; i <= kAccounts; ++i) Fund(domain::AccountId(i));
    if (with_ids) {
      client_ids_.reserve(std::size_t{workload.orders} + 1);
      for (std::uint32_t number = 0; number <= workload.orders; ++number) client_ids_.push_back(ClientIdOf(number));
    }
    order_.symbol = domain::SymbolId(0);
    order_.self_trade_prevention = domain::SelfTradePrevention::kNone;
  }

  // The engine's id of the order, 0 for a cancel.
  OrderId Apply(const Command& command) {
    if (command.kind == MessageKind::kCancel) {
      cancel_.account = AccountOf(command.id);
      cancel_.order_id = OrderId(command.word);
      Read(engine_.Execute(Next(), 0, cancel_), command.id);
      return OrderId(0);
    }
    order_.account = AccountOf(command.id);
    order_.side = command.side;
    order_.type = command.kind == MessageKind::kMarket ? domain::OrderType::kMarket : domain::OrderType::kLimit;
    order_.time_in_force = command.kind == MessageKind::kAdd ? domain::TimeInForce::kGtc : domain::TimeInForce::kIoc;
    order_.price = domain::Price(command.kind == MessageKind::kMarket ? 0 : static_cast<std::int64_t>(command.word));
    order_.quantity = domain::Quantity(command.quantity);
    if (with_ids_) order_.client_order_id = client_ids_[command.id];
    return Read(engine_.Execute(Next(), 0, order_), command.id);
  }

  [[nodiscard]] bool WantsHints() const { return engine_.WantsHints() || with_ids_; }
  void Prefetch(const Command& command) {
    if (command.kind == MessageKind::kCancel) {
      engine_.PrefetchCancel(AccountOf(command.id), OrderId(command.word));
    } else {
      const bool market = command.kind == MessageKind::kMarket;
      engine_.PrefetchOrder(AccountOf(command.id), domain::SymbolId(0), command.side,
                            domain::Price(market ? 0 : static_cast<std::int64_t>(command.word)));
      if (with_ids_) engine_.PrefetchClientId(AccountOf(command.id), client_ids_[command.id]);
    }
  }

  void PrefetchNear(const Command& command) {
    if (command.kind == MessageKind::kCancel) {
      engine_.PrefetchCancelNear(OrderId(command.word));
    } else if (command.kind == MessageKind::kAdd) {
      engine_.PrefetchOrderNear(AccountOf(command.id), domain::SymbolId(0), command.side,
                                domain::Price(static_cast<std::int64_t>(command.word)));
    }
  }

  [[nodiscard]] WorkloadAnswer Answer() const { return digest_.Answer(engine_.open_orders()); }
  [[nodiscard]] std::uint64_t BytesPerOrder() const { return engine_.order_bytes() / most_live_; }

 private:
  static EngineConfig Config(const Workload& workload, bool with_ids) {
    EngineConfig config;
    config.max_orders = workload.most_live + 1;
    config.max_client_ids = 2 * kAccounts + (with_ids ? workload.orders : 0);
    config.max_accounts = kAccounts;
    config.max_level_pages = 1 << 16;
    return config;
  }

  static std::size_t SlotOf(std::uint64_t id) { return static_cast<std::uint32_t>(id); }
  domain::SequenceNumber Next() { return domain::SequenceNumber(++sequence_); }

  // Eight hexadecimal digits of a number that looks like chance.
  static domain::ClientOrderId ClientIdOf(std::uint32_t number) {
    constexpr std::array<std::array<char, 2>, 256> kHex = [] {
      std::array<std::array<char, 2>, 256> hex{};
      for (std::size_t byte = 0; byte < 256; ++byte) {
        hex[byte] = {"0123456789abcdef"[byte / 16], "0123456789abcdef"[byte % 16]};
      }
      return hex;
    }();
    std::uint32_t bits = number * 0x9E37'79B1u;
    std::array<char, 8> text;
    for (std::size_t i = 0; i < text.size(); i += 2, bits >>= 8) {
      text[i] = kHex[bits & 255][0];
      text[i + 1] = kHex[bits & 255][1];
    }
    return *domain::ClientOrderId::From({text.data(), text.size()});
  }

  // What a publisher would do first: the trades and acknowledgements, out of the outcomes.
  OrderId Read(std::span<const std::byte> outcomes, std::uint32_t number) {
    OrderId own(0);
    matching::ForEachOutcome(outcomes, [&](const matching::OutcomeHead& head, const std::byte* record) {
      switch (head.kind) {
        case OutcomeKind::kRested: {
          const auto& rested = matching::ReadOutcome<matching::RestedOutcome>(record);
          own = OrderId(rested.order_id);
          numbers_[SlotOf(rested.order_id)] = number;
          ring_.Write({own.value(), number, static_cast<std::uint64_t>(rested.price),
                       static_cast<std::uint32_t>(rested.quantity), RingEventKind::kAcknowledged});
          return;
        }
        case OutcomeKind::kEntered: {
          const auto& entered = matching::ReadOutcome<matching::EnteredOutcome>(record);
          own = OrderId(entered.order_id);
          numbers_[SlotOf(entered.order_id)] = number;
          ring_.Write({own.value(), number, 0, 0, RingEventKind::kAcknowledged});
          return;
        }
        case OutcomeKind::kFill: {
          const auto& fill = matching::ReadOutcome<matching::FillOutcome>(record);
          const auto price = static_cast<std::uint64_t>(fill.price);
          const auto quantity = static_cast<std::uint64_t>(fill.quantity);
          const std::uint32_t maker = numbers_[SlotOf(fill.maker_order_id)];
          digest_.Add(maker, number, price, quantity);
          ring_.Write({maker, number, price, static_cast<std::uint32_t>(quantity), RingEventKind::kTrade});
          return;
        }
        case OutcomeKind::kLeft: {
          const auto& canceled = matching::ReadOutcome<matching::OrderOutcome>(record);
          ring_.Write({canceled.order_id, number, 0, 0, RingEventKind::kCanceled});
          return;
        }
        default: return;
      }
    });
    return own;
  }

  template <typename Body>
  void Setup(const Body& body) {
    engine_.Execute(Next(), 0, domain::Command{body});
  }

  void Fund(domain::AccountId account) {
    const auto name = domain::AccountName::From("trader-" + std::to_string(account.value()));
    Setup(domain::CreateAccount{*name});
    for (std::uint16_t asset = 0; asset < 2; ++asset) {
      const auto reference = domain::ClientOrderId::From("funding-" + std::to_string(asset));
      Setup(domain::Deposit{account, domain::AssetId(asset), domain::Amount(9'000'000'000'000'000), *reference});
    }
  }

  const bool with_ids_;
  const std::uint64_t most_live_;  // memory is kept, so that its most goes with the most orders
  Engine engine_;
  std::vector<std::uint32_t> numbers_;             // of the orders, by slot
  std::vector<domain::ClientOrderId> client_ids_;  // as they would come with the orders
  TradeDigest digest_;
  EventRing ring_;
  std::uint64_t sequence_ = 0;
  domain::NewOrder order_;
  domain::CancelOrder cancel_;
};

std::vector<Command> Prepare(const Workload& workload) {
  Exchange exchange(workload, false);
  std::vector<std::uint64_t> ids(std::size_t{workload.orders} + 1);
  std::vector<Command> commands;
  commands.reserve(workload.messages.size());
  for (const Message& message : workload.messages) {
    Command command{message.price, message.id, message.quantity, message.kind, message.side};
    if (message.kind == MessageKind::kCancel) command.word = ids[message.id];
    const OrderId id = exchange.Apply(command);
    if (message.kind != MessageKind::kCancel) ids[message.id] = id.value();
    commands.push_back(command);
  }
  return commands;
}

const std::vector<Command>* prepared_commands = nullptr;

template <bool kWithIds>
class Driver {
  static constexpr std::size_t kFar = 12;
  static constexpr std::size_t kNear = 5;

 public:
  explicit Driver(const Workload& workload) : commands_(*prepared_commands), exchange_(workload, kWithIds) {}
  void Run(std::size_t i) {
    if (exchange_.WantsHints() && i + kFar < commands_.size()) {
      exchange_.Prefetch(commands_[i + kFar]);
      exchange_.PrefetchNear(commands_[i + kNear]);
    }
    exchange_.Apply(commands_[i]);
  }
  [[nodiscard]] WorkloadAnswer Answer() const { return exchange_.Answer(); }
  [[nodiscard]] std::uint64_t BytesPerOrder() const { return exchange_.BytesPerOrder(); }

 private:
  const std::vector<Command>& commands_;
  Exchange exchange_;
};

template <bool kWithIds>
CaseResult RunEngine(std::string_view suffix, const WorkloadSpec& spec, const Workload& workload, int rounds) {
  const std::vector<Command> commands = Prepare(workload);
  prepared_commands = &commands;
  CaseResult result = Measure<Driver<kWithIds>>(std::string(spec.name) + std::string(suffix), workload, rounds);
  result.expected = spec.answer;
  prepared_commands = nullptr;
  return result;
}

}  // namespace

CaseResult RunComplete(const WorkloadSpec& spec, const Workload& workload, int rounds) {
  return RunEngine<false>("-complete", spec, workload, rounds);
}

CaseResult RunCompleteWithIds(const WorkloadSpec& spec, const Workload& workload, int rounds) {
  return RunEngine<true>("-complete-ids", spec, workload, rounds);
}

}  // namespace xt::bench
