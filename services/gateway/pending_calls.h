// PendingCalls: what was sent to the sequencer and waits for its answer, bounded in number and in time. Whoever takes a
// call out first, the answer or the deadline, has the right to answer the client; the other finds it gone. All calls have
// the same timeout, so they expire in the order in which they came. Thread-safe.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

namespace xt::gateway {

class PendingCalls {
 public:
  PendingCalls(std::size_t capacity, std::chrono::milliseconds timeout);
  ~PendingCalls();  // Close()

  // `on_expiry` runs once, on a thread of this object, unless Take comes first. 0 when full or closed.
  [[nodiscard]] std::uint64_t Add(std::function<void()> on_expiry);
  // True for the first caller only.
  [[nodiscard]] bool Take(std::uint64_t id);

  // False when the deadline passed before.
  bool WaitUntilEmpty(std::chrono::steady_clock::time_point deadline);
  // Takes nothing more and expires everything now. When it returns no callback runs. Idempotent.
  void Close();
  [[nodiscard]] std::size_t size() const;

 private:
  struct Entry {
    std::chrono::steady_clock::time_point deadline;
    std::function<void()> on_expiry;
  };
  void Run();

  const std::size_t capacity_;
  const std::chrono::milliseconds timeout_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable empty_;
  std::map<std::uint64_t, Entry> entries_;  // by id, which is also by deadline
  std::uint64_t last_id_ = 0;
  bool closed_ = false;
  std::thread thread_;
};

}  // namespace xt::gateway
