#include "services/gateway/worker_pool.h"

#include <chrono>
#include <utility>

namespace xt::gateway {

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue) : queue_(queue) {
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

WorkerPool::~WorkerPool() { Stop(); }

bool WorkerPool::Post(Task task) { return queue_.TryPush(std::move(task)); }

void WorkerPool::Stop() {
  queue_.Close();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void WorkerPool::Run() {
  std::vector<Task> tasks;
  while (queue_.PopBatch(tasks, 1, std::chrono::hours(1))) {
    for (Task& task : tasks) task();
  }
}

}  // namespace xt::gateway
