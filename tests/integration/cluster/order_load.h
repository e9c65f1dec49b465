// OrderLoad: traders who send orders over REST at a steady rate and note what became of each: a mix that trades, with
// orders that rest and cancels. Each trader has a connection, an account and a thread of its own. Start and Stop by one
// thread; the counts by any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/signed_client.h"

namespace xt::test {

struct TraderOptions {
  std::string rest;  // the gateway that it trades through
  Credentials credentials;
  std::string name;  // client order ids begin with it
};

struct LoadReport {
  std::map<std::string, std::string> acknowledged;  // order id by client order id
  std::vector<std::string> refused;                 // what the answers said, cancels included
  std::vector<std::string> unanswered;              // client order ids whose outcome is unknown
  std::uint64_t resent = 0;                         // orders and cancels that nobody took at first (503)
  std::chrono::milliseconds took{0};
};

class OrderLoad {
 public:
  // `per_second`: orders of all traders together.
  OrderLoad(const std::vector<TraderOptions>& traders, int per_second);
  ~OrderLoad();  // Stop()
  OrderLoad(const OrderLoad&) = delete;
  OrderLoad& operator=(const OrderLoad&) = delete;

  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  // Returns when every order has its answer.
  LoadReport Stop();

 private:
  struct Trader {
    TraderOptions options;
    LoadReport report;
    std::jthread thread;
  };

  void Trade(Trader& trader, unsigned seed, std::chrono::microseconds interval, const std::stop_token& stop);

  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::atomic<std::uint64_t> acknowledged_{0};
  std::vector<Trader> traders_;
};

}  // namespace xt::test
