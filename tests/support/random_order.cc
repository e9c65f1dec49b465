#include "tests/support/random_order.h"

#include <iterator>

#include "tests/support/signed_client.h"

namespace xt::test {
namespace {

struct Market {
  const char* symbol;
  int price;  // around it
  int tick;
};
constexpr Market kMarkets[] = {{"BTC-KRW", 90'000'000, 1'000}, {"BTC-USDT", 60'000, 1}, {"ETH-USDT", 2'000, 1}};

}  // namespace

nlohmann::json RandomOrder(std::mt19937& random, const std::string& client_order_id) {
  const Market& market = kMarkets[random() % std::size(kMarkets)];
  const int price = market.price + (static_cast<int>(random() % 21) - 10) * market.tick;
  const std::string quantity = "0.0" + std::to_string(1 + random() % 9);
  return LimitOrder(market.symbol, random() % 2 == 0 ? "BUY" : "SELL", std::to_string(price), quantity, client_order_id,
                    random() % 4 == 0 ? "IOC" : "GTC");
}

}  // namespace xt::test
