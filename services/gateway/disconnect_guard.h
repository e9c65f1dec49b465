// DisconnectGuard: cancel on disconnect. While a stream with a group lives, its group has a countdown in the exchange,
// armed before the stream may enter an order and renewed every third of its time; when the last stream of the group
// ends, the group's orders are cancelled and the countdown is disarmed. When this process dies instead, nobody renews
// the countdown, and the exchange cancels the orders by itself. All commands come from one thread, so that those of a
// stream that ends and of its successor do not overtake each other. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "libs/base/clock.h"
#include "libs/domain/ids.h"
#include "services/gateway/order_desk.h"

namespace xt::gateway {

class DisconnectGuard {
 public:
  // Called once, when the countdown runs or with the reason why it does not; must not block.
  using Armed = std::function<void(std::optional<Refusal>)>;

  DisconnectGuard(std::shared_ptr<OrderDesk> desk, const Clock& clock, std::int64_t timeout_ms);
  ~DisconnectGuard();  // Stop()

  // One stream more has this group. Each needs its Release, also when it was not armed.
  void Watch(domain::AccountId account, domain::OrderGroup group, Armed armed);
  void Release(domain::AccountId account, domain::OrderGroup group);

  // Until what was released is handed over. False when some is left at the deadline.
  bool Flush(std::chrono::steady_clock::time_point deadline);
  // Hands over what was released; nothing is renewed any more. Idempotent.
  void Stop();

 private:
  using Key = std::pair<domain::AccountId, domain::OrderGroup>;
  enum class Step { kArm, kEnd, kDisarm };
  struct Task {
    Step step;
    Key key;
    Armed armed;
  };

  void Run();
  void Post(Task task);
  void Do(const Task& task);
  void RenewAll();
  void Arm(const Key& key, Armed armed);
  void CancelGroup(const Key& key);
  void Disarm(const Key& key);
  bool IsWatched(const Key& key);
  [[nodiscard]] Origin Now() const { return {Protocol::kGrpc, clock_.MonotonicNs()}; }

  const std::shared_ptr<OrderDesk> desk_;
  const Clock& clock_;
  const std::int64_t timeout_ms_;
  const std::chrono::milliseconds renewal_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  std::map<Key, std::size_t> watched_;  // streams by group: bounded by the number of streams
  std::deque<Task> tasks_;              // at most three for each stream
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace xt::gateway
