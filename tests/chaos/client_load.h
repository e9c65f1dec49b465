// ClientLoad: clients who send orders over REST at a steady rate and never give one up: after a broken connection, a
// time-out or an unknown outcome the same client order id goes to the next gateway, until it is answered or its deadline
// has passed. What they saw goes into a HistoryLog. Each client has a thread of its own; all functions by one other thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/chaos/history_log.h"
#include "tests/support/signed_client.h"

namespace xt::chaos {

struct LoadAccount {
  std::uint32_t number = 0;
  test::Credentials credentials;
};

struct LoadOptions {
  std::vector<std::string> gateways;  // "http://127.0.0.1:1"
  std::vector<LoadAccount> accounts;
  int per_second = 0;  // orders of all clients together
  unsigned seed = 0;
};

struct AcknowledgedOrder {
  std::uint32_t account = 0;
  std::string client_order_id;
  std::uint64_t sequence = 0;
};

// Since it was asked last.
struct LoadReport {
  std::vector<AcknowledgedOrder> acknowledged;
  std::vector<std::string> refused;     // what the answers said
  std::vector<std::string> unanswered;  // client order ids, given up at their deadline
};

class ClientLoad {
 public:
  ClientLoad(LoadOptions options, HistoryLog& history);
  ~ClientLoad();  // Stop()
  ClientLoad(const ClientLoad&) = delete;
  ClientLoad& operator=(const ClientLoad&) = delete;

  // From here on the time is measured to the first acknowledgement of a request that is sent later than this.
  void Mark();
  // nullopt: none in time.
  std::optional<std::chrono::milliseconds> AwaitFirst(std::chrono::milliseconds patience);

  [[nodiscard]] std::uint64_t acknowledged() const { return acknowledged_; }
  LoadReport Take();
  // Returns when every order has its answer.
  void Stop();

 private:
  using Clock = std::chrono::steady_clock;

  void Trade(std::size_t client, const std::stop_token& stop);
  // Until it is answered: the answer, or nullopt at the deadline.
  std::optional<test::Answer> Settle(std::vector<test::SignedClient>& gateways, std::size_t& gateway,
                                     const LoadAccount& account, const nlohmann::json& order);
  void Acknowledge(const LoadAccount& account, const std::string& id, const nlohmann::json& answer,
                   Clock::time_point sent);

  const LoadOptions options_;
  HistoryLog& history_;
  std::atomic<std::uint64_t> acknowledged_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
  LoadReport report_;
  Clock::time_point mark_ = Clock::time_point::max();
  std::optional<std::chrono::milliseconds> first_;
  std::vector<std::jthread> threads_;
};

}  // namespace xt::chaos
