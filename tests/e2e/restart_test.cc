// The standalone is killed with SIGKILL, again and again, at random moments under load. After each start every order that
// was acknowledged is there as it was acknowledged, an order without an answer was executed once or never, the sequence
// goes on, and the books balance.

#include <gtest/gtest.h>
#include <poll.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <vector>

#include "libs/domain/decimal.h"
#include "tests/support/standalone.h"

namespace xt::test {
namespace {

using nlohmann::json;

constexpr int kKills = 20;
constexpr int kDecimals = 8;

std::int64_t Units(const json& text) { return domain::ParseDecimal(text.get<std::string>(), kDecimals).units; }

struct Sent {
  json order;
  std::optional<json> answer;  // nullopt: none came
};

// What one trader sent. Written by the trader's thread while it runs, read by the test after it.
struct Trader {
  std::size_t account = 0;
  std::map<std::string, Sent> orders;  // by client order id
  std::set<std::string> canceled;      // order ids whose cancel was acknowledged
};

// Tells the test when enough was acknowledged.
class Progress {
 public:
  void Add() {
    {
      std::lock_guard lock(mutex_);
      ++count_;
    }
    changed_.notify_all();
  }
  bool WaitFor(std::uint64_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60), [&] { return count_ >= count; });
  }
  std::uint64_t count() {
    std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t count_ = 0;
};

// Trades until the exchange does not answer any more.
void Trade(const Standalone& exchange, Trader& trader, std::uint32_t seed, int round, Progress& progress) {
  SignedClient client = exchange.client(trader.account);
  std::mt19937 random(seed);
  for (int i = 0;; ++i) {
    const std::string id =
        "r" + std::to_string(round) + "-a" + std::to_string(trader.account) + "-" + std::to_string(i);
    const std::string price = std::to_string(1990 + random() % 20);
    const std::string quantity = "0.0" + std::to_string(1 + random() % 9);
    const json order = LimitOrder("ETH-USDT", random() % 2 == 0 ? "BUY" : "SELL", price, quantity, id,
                                  random() % 4 == 0 ? "IOC" : "GTC");
    Sent& sent = trader.orders[id];
    sent.order = order;
    const auto answer = client.Order(order);
    if (!answer.ok() || answer->status >= 500) return;
    ASSERT_EQ(answer->status, 200) << answer->body;
    sent.answer = answer->body;
    progress.Add();
    if (answer->body.at("status") != "NEW" || random() % 3 != 0) continue;
    const std::string order_id = answer->body.at("orderId");
    const auto canceled = client.Delete("/v1/order/" + order_id);
    if (!canceled.ok() || canceled->status >= 500) return;
    if (canceled->status == 200) trader.canceled.insert(order_id);
  }
}

class RestartTest : public testing::Test {
 protected:
  // Every acknowledged order of a trader is there, as acknowledged or further on; unanswered ones at most once.
  void CompareOrders(Trader& trader) {
    SignedClient client = exchange_.client(trader.account);
    std::set<std::string> order_ids;
    for (auto& [id, sent] : trader.orders) {
      const auto now = client.Get("/v1/order?clientOrderId=" + id);
      ASSERT_TRUE(now.ok()) << now.status();
      if (!sent.answer) {
        if (now->status == 404) continue;  // never executed
        ASSERT_EQ(now->status, 200) << now->body;
        ASSERT_TRUE(order_ids.insert(now->body.at("orderId")).second) << id;
        sent.answer = now->body;  // it is known from now on, and must stay
        ++learned_;
        continue;
      }
      ASSERT_EQ(now->status, 200) << "acknowledged and lost: " << *sent.answer;
      const std::string order_id = now->body.at("orderId");
      ASSERT_EQ(order_id, sent.answer->at("orderId"));
      ASSERT_TRUE(order_ids.insert(order_id).second) << id;
      ASSERT_GE(Units(now->body.at("executedQuantity")), Units(sent.answer->at("executedQuantity")));
      if (trader.canceled.contains(order_id)) {
        ASSERT_EQ(now->body.at("status"), "CANCELED") << now->body;
      }
      const std::string first = sent.answer->at("status");
      if (first == "FILLED" || first == "EXPIRED") {
        ASSERT_EQ(now->body.at("status"), first);
      }
      sent.answer = now->body;
      ++compared_;
    }
  }

  // What is locked is exactly what the open orders reserve, and per asset nothing but fees left the two accounts.
  void CompareBalances() {
    std::map<std::string, std::int64_t> total;
    for (std::size_t account = 0; account < 2; ++account) {
      SignedClient client = exchange_.client(account);
      const auto balances = client.Get("/v1/account");
      ASSERT_TRUE(balances.ok() && balances->status == 200);
      std::map<std::string, std::int64_t> locked;
      for (const json& balance : balances->body.at("balances")) {
        ASSERT_GE(Units(balance.at("available")), 0);
        locked[balance.at("asset")] = Units(balance.at("locked"));
        total[balance.at("asset")] += Units(balance.at("available")) + Units(balance.at("locked"));
      }
      std::map<std::string, std::int64_t> reserved;
      SumReservations(client, reserved);
      EXPECT_EQ(locked["USDT"], reserved["USDT"]) << "account " << account;
      EXPECT_EQ(locked["ETH"], reserved["ETH"]) << "account " << account;
      SumFees(client, total);
    }
    const std::int64_t unit = domain::PowerOfTen(kDecimals);
    EXPECT_EQ(total["ETH"], 2 * 10'000 * unit);
    EXPECT_EQ(total["USDT"], 2 * 10'000'000 * unit);
    EXPECT_EQ(total["BTC"], 2 * 1'000 * unit);
  }

  void SumReservations(SignedClient& client, std::map<std::string, std::int64_t>& reserved) {
    std::string before;
    while (true) {
      const auto open = client.Get("/v1/orders?open=true&limit=1000" + before);
      ASSERT_TRUE(open.ok() && open->status == 200);
      const json& orders = open->body.at("orders");
      if (orders.empty()) return;
      for (const json& order : orders) {
        const std::int64_t left = Units(order.at("quantity")) - Units(order.at("executedQuantity"));
        const std::int64_t price = std::stoll(order.at("price").get<std::string>());  // whole USDT in this test
        reserved[order.at("side") == "BUY" ? "USDT" : "ETH"] += order.at("side") == "BUY" ? left * price : left;
      }
      before = "&before=" + orders.back().at("orderId").get<std::string>();
    }
  }

  void SumFees(SignedClient& client, std::map<std::string, std::int64_t>& total) {
    std::string before;
    while (true) {
      const auto fills = client.Get("/v1/trades?limit=1000" + before);
      ASSERT_TRUE(fills.ok() && fills->status == 200) << fills->body;
      const json& trades = fills->body.at("trades");
      if (trades.empty()) return;
      for (const json& trade : trades) total[trade.at("feeAsset")] += Units(trade.at("fee"));
      before = "&before=" + trades.back().at("id").get<std::string>();
    }
  }

  Standalone exchange_;
  std::uint64_t compared_ = 0;
  std::uint64_t learned_ = 0;
};

TEST_F(RestartTest, NothingAcknowledgedIsLost) {
  std::mt19937 random(7);
  std::vector<Trader> traders{{.account = 0}, {.account = 1}};
  ASSERT_TRUE(exchange_.Start()) << exchange_.output();
  std::uint64_t last_sequence = 0;
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < kKills; ++round) {
    Progress progress;
    {
      std::vector<std::jthread> threads;
      for (Trader& trader : traders) {
        threads.emplace_back(
            [&, seed = static_cast<std::uint32_t>(random())] { Trade(exchange_, trader, seed, round, progress); });
      }
      // A random moment: after a random number of acknowledgements, with requests in flight.
      ASSERT_TRUE(progress.WaitFor(1 + random() % 150)) << exchange_.output();
      exchange_.Kill();
    }
    acknowledged += progress.count();
    ASSERT_TRUE(exchange_.Start()) << exchange_.output();
    for (Trader& trader : traders) {
      for (const auto& [id, sent] : trader.orders) {
        if (sent.answer) last_sequence = std::max(last_sequence, sent.answer->at("sequence").get<std::uint64_t>());
      }
      CompareOrders(trader);
    }
    CompareBalances();
    // The sequence goes on behind everything that was acknowledged.
    SignedClient client = exchange_.client(0);
    const auto next = client.Order(LimitOrder("BTC-USDT", "BUY", "1000", "0.01", "probe-" + std::to_string(round)));
    ASSERT_TRUE(next.ok() && next->status == 200);
    EXPECT_GT(next->body.at("sequence").get<std::uint64_t>(), last_sequence);
    const auto released = client.Delete("/v1/order/" + next->body.at("orderId").get<std::string>());
    ASSERT_TRUE(released.ok() && released->status == 200);
    if (HasFatalFailure()) return;
  }
  std::printf("%d kills, %llu orders acknowledged, %llu comparisons, %llu orders without an answer were executed\n",
              kKills, static_cast<unsigned long long>(acknowledged), static_cast<unsigned long long>(compared_),
              static_cast<unsigned long long>(learned_));
}

}  // namespace
}  // namespace xt::test
