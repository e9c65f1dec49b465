#include "bench/matching/restore_case.h"

#include <algorithm>
#include <memory>
#include <string>

#include "bench/matching/market.h"
#include "bench/matching/measure.h"
#include "libs/base/check.h"
#include "services/matching/core/engine.h"

namespace xt::bench {
namespace {

using domain::OrderType;
using domain::Side;
using matching::Engine;
using matching::EngineConfig;

constexpr std::uint32_t kOrders = 1'000'000;
constexpr std::uint32_t kAccounts = 10'000;
constexpr std::int64_t kMiddle = 100'000;
constexpr std::int64_t kDepth = 20'000;  // ticks on each side
constexpr std::int64_t kNowNs = 1'700'000'000'000'000'000;
constexpr std::int64_t kNowMs = kNowNs / 1'000'000;

class Builder {
 public:
  explicit Builder(Engine& engine) : engine_(engine) {
    Do(domain::DefineAsset{*domain::AssetCode::From("BTC"), 8});
    Do(domain::DefineAsset{*domain::AssetCode::From("KRW"), 0});
    Do(domain::DefineSymbol{BtcKrw()});
    for (std::uint32_t i = 1; i <= kAccounts; ++i) {
      Do(domain::CreateAccount{*domain::AccountName::From("trader-" + std::to_string(i))});
      for (std::uint16_t asset = 0; asset < 2; ++asset) {
        const auto reference = domain::ClientOrderId::From("funding-" + std::to_string(asset));
        Do(domain::Deposit{domain::AccountId(i), domain::AssetId(asset), domain::Amount(900'000'000'000'000),
                           *reference});
      }
    }
    Trade();
    for (std::uint32_t i = 0; i < kOrders; ++i) Do(OrderAt(i));
    XT_CHECK(engine_.open_orders() == kOrders, "an order was refused");
  }

 private:
  void Do(const domain::Command& command) { engine_.Execute(domain::SequenceNumber(++sequence_), kNowNs, command); }
  template <typename Body>
  void Do(const Body& body) {
    Do(domain::Command{body});
  }

  // So that there is a last price.
  void Trade() {
    domain::NewOrder order = Limit(1, Side::kSell, kMiddle);
    Do(order);
    order.account = domain::AccountId(2);
    order.side = Side::kBuy;
    Do(order);
  }

  static domain::NewOrder Limit(std::uint32_t account, Side side, std::int64_t price) {
    domain::NewOrder order;
    order.account = domain::AccountId(account);
    order.symbol = domain::SymbolId(0);
    order.side = side;
    order.type = OrderType::kLimit;
    order.time_in_force = domain::TimeInForce::kGtc;
    order.price = domain::Price(price);
    order.quantity = domain::Quantity(12);
    return order;
  }

  // Account, side and price look like chance and are the same everywhere.
  static domain::NewOrder OrderAt(std::uint32_t i) {
    const std::uint32_t chance = (i + 1) * 0x9E37'79B1u;
    const Side side = (chance >> 31) == 0 ? Side::kBuy : Side::kSell;
    const std::int64_t away = 1 + (chance >> 4) % kDepth;
    domain::NewOrder order =
        Limit(1 + (chance >> 9) % kAccounts, side, side == Side::kBuy ? kMiddle - away : kMiddle + away);
    order.client_order_id = *domain::ClientOrderId::From("order-" + std::to_string(i));
    switch (i % 32) {
      case 0:
        order.type = OrderType::kIceberg;
        order.iceberg_quantity = domain::Quantity(3);
        break;
      case 8:
        order.time_in_force = domain::TimeInForce::kGtd;
        order.expire_time_ms = kNowMs + 1'000 + chance % 100'000;
        break;
      case 16:
        order.type = OrderType::kStopLossLimit;
        order.stop_price = domain::Price(side == Side::kBuy ? kMiddle + away : kMiddle - away);
        order.price = order.stop_price;
        break;
      case 24: order.group = domain::OrderGroup(7); break;
      default: break;
    }
    return order;
  }

  Engine& engine_;
  std::uint64_t sequence_ = 0;
};

EngineConfig Config() {
  EngineConfig config;
  config.max_orders = kOrders;
  config.max_client_ids = kOrders + 2 * kAccounts;
  config.max_accounts = kAccounts;
  return config;
}

}  // namespace

RestoreResult RunRestore(int rounds) {
  const auto engine = std::make_unique<Engine>(Config());
  Builder builder(*engine);
  const Hash128 digest = engine->Digest();
  RestoreResult result;
  result.open_orders = engine->open_orders();
  result.right = true;
  for (int round = 0; round < rounds; ++round) {
    const std::int64_t start_ns = NowNs();
    const std::string bytes = engine->SaveSnapshot();
    const std::int64_t saved_ns = NowNs();
    std::string error;
    const auto restored = Engine::RestoreSnapshot(Config(), bytes, &error);
    const std::int64_t restored_ns = NowNs();
    const std::int64_t save_ms = (saved_ns - start_ns) / 1'000'000;
    const std::int64_t restore_ms = (restored_ns - saved_ns) / 1'000'000;
    result.save_ms = round == 0 ? save_ms : std::min(result.save_ms, save_ms);
    result.restore_ms = round == 0 ? restore_ms : std::min(result.restore_ms, restore_ms);
    result.bytes = bytes.size();
    result.right = result.right && restored != nullptr && restored->Digest() == digest;
  }
  return result;
}

}  // namespace xt::bench
