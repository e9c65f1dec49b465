#include "tests/integration/cluster/order_load.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <utility>

#include "tests/support/random_order.h"

namespace xt::test {
namespace {

using std::chrono::steady_clock;

constexpr int kHttpOk = 200;
constexpr int kHttpNotFound = 404;
constexpr int kHttpUnavailable = 503;
constexpr int kHttpUnknownOutcome = 504;
constexpr std::chrono::seconds kResendFor{60};
constexpr std::chrono::seconds kMostBehind{1};  // what a pause of the machine cost is not sent all at once

}  // namespace

OrderLoad::OrderLoad(const std::vector<TraderOptions>& traders, int per_second) : traders_(traders.size()) {
  const auto interval = std::chrono::microseconds(1'000'000 * static_cast<int>(traders.size()) / per_second);
  for (std::size_t i = 0; i < traders.size(); ++i) {
    traders_[i].options = traders[i];
    traders_[i].thread = std::jthread([this, i, interval](const std::stop_token& stop) {
      Trade(traders_[i], static_cast<unsigned>(i + 1), interval, stop);
    });
  }
}

OrderLoad::~OrderLoad() { (void)Stop(); }

LoadReport OrderLoad::Stop() {
  LoadReport all;
  for (Trader& trader : traders_) trader.thread.request_stop();
  for (Trader& trader : traders_) {
    if (trader.thread.joinable()) trader.thread.join();
    all.acknowledged.merge(trader.report.acknowledged);
    std::move(trader.report.refused.begin(), trader.report.refused.end(), std::back_inserter(all.refused));
    std::move(trader.report.unanswered.begin(), trader.report.unanswered.end(), std::back_inserter(all.unanswered));
    all.resent += trader.report.resent;
  }
  traders_.clear();
  all.took = std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - started_);
  return all;
}

void OrderLoad::Trade(Trader& trader, unsigned seed, std::chrono::microseconds interval, const std::stop_token& stop) {
  SignedClient client(trader.options.rest, trader.options.credentials);
  std::mt19937 random(seed);
  LoadReport& report = trader.report;
  auto next = steady_clock::now();
  for (int i = 0; !stop.stop_requested(); ++i) {
    std::this_thread::sleep_until(next);  // this is the rate
    next = std::max(next + interval, steady_clock::now() - kMostBehind);
    const std::string id = trader.options.name + "-" + std::to_string(i);
    const auto order = RandomOrder(random, id);
    auto answer = client.Order(order);
    // Certainly not taken, since nobody led for longer than a gateway waits: again, as a trader's program would.
    const auto until = steady_clock::now() + kResendFor;
    while (answer.ok() && answer->status == kHttpUnavailable && steady_clock::now() < until) {
      ++report.resent;
      answer = client.Order(order);
    }
    if (!answer.ok() || answer->status == kHttpUnknownOutcome) {
      report.unanswered.push_back(id);
      continue;
    }
    if (answer->status != kHttpOk) {
      report.refused.push_back(id + " " + answer->body.dump());
      continue;
    }
    const std::string order_id = answer->body.at("orderId");
    report.acknowledged[id] = order_id;
    ++acknowledged_;
    if (answer->body.at("status") != "NEW" || random() % 4 != 0) continue;
    const auto canceled = client.Delete("/v1/order/" + order_id);
    if (!canceled.ok() || canceled->status == kHttpUnknownOutcome) continue;
    // It may have traded meanwhile: then there is no such open order.
    if (canceled->status == kHttpOk || canceled->status == kHttpNotFound) continue;
    if (canceled->status == kHttpUnavailable) {
      ++report.resent;
      continue;
    }
    report.refused.push_back("cancel of " + id + " " + canceled->body.dump());
  }
}

}  // namespace xt::test
