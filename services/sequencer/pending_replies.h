// PendingReplies: who waits for which ticket. The sequencer's thread alone uses it. Memory is bounded by the commands that
// wait at the same time: slots are used again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "libs/base/check.h"
#include "libs/ports/order_sequencing.h"
#include "services/sequencer/core/action.h"

namespace xt::sequencer {

class PendingReplies {
 public:
  struct Pending {
    ports::OrderSequencing::Done done;
    std::int64_t received_ns = 0;
  };

  Ticket Add(Pending pending) {
    if (free_.empty()) {
      slots_.push_back(std::move(pending));
      return slots_.size();
    }
    const Ticket ticket = free_.back();
    free_.pop_back();
    slots_[ticket - 1] = std::move(pending);
    return ticket;
  }

  Pending Take(Ticket ticket) {
    XT_CHECK(ticket >= 1 && ticket <= slots_.size() && slots_[ticket - 1].done, "a ticket is answered once");
    Pending pending = std::exchange(slots_[ticket - 1], {});
    free_.push_back(ticket);
    return pending;
  }

 private:
  std::vector<Pending> slots_;
  std::vector<Ticket> free_;
};

}  // namespace xt::sequencer
