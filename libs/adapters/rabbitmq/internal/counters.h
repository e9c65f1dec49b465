// The counters of one bus, written by all of its threads.
#pragma once

#include <atomic>
#include <cstdint>

namespace xt::rabbitmq {

struct Counters {
  std::atomic<std::uint64_t> published{0};
  std::atomic<std::uint64_t> returned{0};
  std::atomic<std::uint64_t> nacked{0};
  std::atomic<std::uint64_t> republished{0};
  std::atomic<std::uint64_t> multiple_acks{0};
  std::atomic<std::uint64_t> reconnects{0};
  std::atomic<std::uint64_t> private_queues_remade{0};
  std::atomic<std::uint64_t> consumed{0};
  std::atomic<std::uint64_t> redelivered{0};
  std::atomic<std::uint64_t> dead_letters_taken{0};
  std::atomic<bool> connected{false};
};

}  // namespace xt::rabbitmq
