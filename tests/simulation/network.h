// Network: what lies between the hosts. A message takes its time, is lost on a cut way, and keeps its order only within a pipe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "tests/simulation/kernel.h"

namespace xt::sim {

using Host = std::uint32_t;

class Network {
 public:
  explicit Network(Kernel& kernel) : kernel_(kernel) {}

  // How much slower than usual messages are; 1 is usual.
  void SetSlowness(Nanos factor) { slowness_ = factor; }
  void Cut(Host from, Host to) { cut_.insert({from, to}); }
  void Mend(Host from, Host to) { cut_.erase({from, to}); }
  void MendAll() { cut_.clear(); }
  [[nodiscard]] bool Lost(Host from, Host to) const { return cut_.contains({from, to}); }
  Nanos Delay() {
    const Nanos usual = kernel_.rng().Between(20 * kMicro, 200 * kMicro);
    return slowness_ * (kernel_.rng().Chance(5'000) ? 20 * usual : usual);
  }
  // `deliver` happens at the other end, or never.
  void Send(Host from, Host to, std::function<void()> deliver) {
    if (Lost(from, to)) return;
    kernel_.At(Delay(), [this, from, to, deliver = std::move(deliver)] {
      if (!Lost(from, to)) deliver();
    });
  }
  // Asks `serve` at the other end and waits for what it returns; nothing when the question or the answer was lost, or is late.
  // `serve` holds what it needs by value.
  template <typename Answer>
  std::optional<Answer> Call(Host from, Host to, Nanos timeout, std::function<std::optional<Answer>()> serve) {
    struct State {
      WaitQueue waiting;
      std::optional<Answer> answer;
      bool answered = false;
    };
    const auto state = std::make_shared<State>();
    Send(from, to, [this, from, to, state, serve = std::move(serve)] {
      auto answer = std::make_shared<std::optional<Answer>>(serve());
      if (!*answer) return;
      Send(to, from, [this, state, answer] {
        state->answer = std::move(*answer);
        state->answered = true;
        kernel_.NotifyAll(state->waiting);
      });
    });
    const Nanos deadline = kernel_.now() + timeout;
    while (!state->answered) {
      if (!kernel_.Wait(state->waiting, deadline)) break;
    }
    return std::move(state->answer);
  }

 private:
  Kernel& kernel_;
  Nanos slowness_ = 1;
  std::set<std::pair<Host, Host>> cut_;
};

// One direction of a connection: what is delivered keeps its order, and nothing is delivered after something was lost.
class Pipe : public std::enable_shared_from_this<Pipe> {
 public:
  Pipe(Kernel& kernel, Network& network, Host from, Host to)
      : kernel_(kernel), network_(network), from_(from), to_(to) {}

  void Send(std::function<void()> deliver) {
    last_ = std::max(last_ + 1, kernel_.now() + network_.Delay());
    if (network_.Lost(from_, to_)) broken_ = true;
    kernel_.At(last_ - kernel_.now(), [self = shared_from_this(), deliver = std::move(deliver)] {
      if (self->network_.Lost(self->from_, self->to_)) self->broken_ = true;
      if (!self->broken_) deliver();
    });
  }

 private:
  Kernel& kernel_;
  Network& network_;
  const Host from_;
  const Host to_;
  Nanos last_ = 0;
  bool broken_ = false;
};

}  // namespace xt::sim
