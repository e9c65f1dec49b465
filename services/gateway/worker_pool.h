// WorkerPool: a few threads for calls that may block (queries of other services), so that they never hold up the threads
// of the network. Its queue is bounded: when it is full, Post says so and the request is refused with BACKPRESSURE.
// Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "libs/base/bounded_queue.h"

namespace xt::gateway {

class WorkerPool {
 public:
  using Task = std::function<void()>;
  WorkerPool(std::size_t threads, std::size_t queue);
  ~WorkerPool();  // Stop()

  // False when the queue is full or the pool has stopped: the task will not run.
  [[nodiscard]] bool Post(Task task);
  // Runs what is queued, then ends the threads. Idempotent; not from a task.
  void Stop();
  [[nodiscard]] std::size_t queued() const { return queue_.size(); }

 private:
  void Run();

  BoundedQueue<Task> queue_;
  std::vector<std::thread> threads_;
};

}  // namespace xt::gateway
