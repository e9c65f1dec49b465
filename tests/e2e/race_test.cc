// 1,000 buyers, each with an account of their own, race for 100 units through REST. Exactly 100 are sold, and not one
// unit of money is made or lost.

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <thread>
#include <vector>

#include "libs/domain/decimal.h"
#include "tests/support/standalone.h"

namespace xt::test {
namespace {

using nlohmann::json;

constexpr std::size_t kBuyers = 1'000;
constexpr std::size_t kThreads = 16;
constexpr int kDecimals = 8;  // enough for every asset

std::int64_t Units(const json& text) {
  const domain::ParsedDecimal parsed = domain::ParseDecimal(text.get<std::string>(), kDecimals);
  EXPECT_EQ(parsed.error, domain::RejectReason::kNone) << text;
  return parsed.units;
}

struct Holding {
  std::int64_t available = 0;
  std::int64_t locked = 0;
};

std::map<std::string, Holding> Holdings(SignedClient& client) {
  const auto answer = client.Get("/v1/account");
  EXPECT_TRUE(answer.ok() && answer->status == 200);
  std::map<std::string, Holding> holdings;
  if (!answer.ok() || answer->status != 200) return holdings;
  for (const json& balance : answer->body.at("balances")) {
    holdings[balance.at("asset")] = {Units(balance.at("available")), Units(balance.at("locked"))};
  }
  return holdings;
}

// Runs `work(i)` for every buyer, spread over threads.
template <typename Work>
void ForEachBuyer(const Work& work) {
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (std::size_t i = next++; i < kBuyers; i = next++) work(i);
    });
  }
}

TEST(RaceTest, ExactlyWhatIsForSaleIsSold) {
  // Account 0 sells, accounts 1..1000 buy.
  Standalone exchange({"--demo.accounts", std::to_string(kBuyers + 1)});
  ASSERT_TRUE(exchange.Start()) << exchange.output();
  SignedClient seller = exchange.client(0);
  const auto before = Holdings(seller);
  const auto sale = seller.Order(LimitOrder("ETH-USDT", "SELL", "2000", "100"));
  ASSERT_TRUE(sale.ok());
  ASSERT_EQ(sale->status, 200) << sale->body;

  // Even buyers take or leave it, odd ones stay in the book with what they did not get.
  std::atomic<std::int64_t> bought{0};
  std::atomic<int> filled{0};
  std::atomic<int> resting{0};
  std::atomic<int> expired{0};
  ForEachBuyer([&](std::size_t i) {
    SignedClient buyer = exchange.client(i + 1);
    const auto answer = buyer.Order(LimitOrder("ETH-USDT", "BUY", "2000", "1", "", i % 2 == 0 ? "IOC" : "GTC"));
    ASSERT_TRUE(answer.ok()) << answer.status();
    ASSERT_EQ(answer->status, 200) << answer->body;
    bought += Units(answer->body.at("executedQuantity"));
    const std::string status = answer->body.at("status");
    filled += status == "FILLED" ? 1 : 0;
    resting += status == "NEW" ? 1 : 0;
    expired += status == "EXPIRED" ? 1 : 0;
  });
  const std::int64_t unit = domain::PowerOfTen(kDecimals);
  EXPECT_EQ(bought, 100 * unit);
  EXPECT_EQ(filled, 100);
  EXPECT_EQ(filled + resting + expired, static_cast<int>(kBuyers));

  // What the buyers paid and received, what the seller got, and what the exchange keeps as fees.
  std::atomic<std::int64_t> eth_received{0};
  std::atomic<std::int64_t> usdt_paid{0};
  std::atomic<std::int64_t> usdt_locked{0};
  ForEachBuyer([&](std::size_t i) {
    SignedClient buyer = exchange.client(i + 1);
    auto now = Holdings(buyer);
    eth_received += now["ETH"].available + now["ETH"].locked - 10'000 * unit;
    usdt_paid += 10'000'000 * unit - now["USDT"].available - now["USDT"].locked;
    usdt_locked += now["USDT"].locked;
  });
  auto after = Holdings(seller);
  EXPECT_EQ(usdt_paid, 100 * 2'000 * unit);
  EXPECT_EQ(usdt_locked, std::int64_t{resting} * 2'000 * unit);
  EXPECT_EQ(after["ETH"].locked, 0);
  EXPECT_EQ(after["ETH"].available, before.at("ETH").available - 100 * unit);
  // Fees come out of what is received: the buyers' in ETH, the seller's in USDT.
  const std::int64_t eth_fees = 100 * unit - eth_received;
  const std::int64_t usdt_fees = usdt_paid - (after["USDT"].available - before.at("USDT").available);
  EXPECT_GE(eth_fees, 0);
  EXPECT_GE(usdt_fees, 0);
  SignedClient anybody(exchange.rest());
  const auto symbols = anybody.Get("/v1/symbols");
  ASSERT_TRUE(symbols.ok());
  for (const json& symbol : symbols->body.at("symbols")) {
    if (symbol.at("symbol") != "ETH-USDT") continue;
    EXPECT_EQ(eth_fees, 100 * (unit * symbol.at("takerFeeBps").get<std::int64_t>() / 10'000));
    EXPECT_EQ(usdt_fees, 100 * 2'000 * unit * symbol.at("makerFeeBps").get<std::int64_t>() / 10'000);
  }
}

}  // namespace
}  // namespace xt::test
