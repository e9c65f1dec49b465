// What tests of the core share: an encoder that hashes the frame's fields, commands that can be told apart, and the
// answer that an honest replica gives. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "libs/domain/event.h"
#include "libs/domain/frame.h"
#include "services/sequencer/core/sequencer_core.h"

namespace xt::sequencer::testing {

inline domain::ClientOrderId IdOf(std::uint64_t number) {
  const auto id = domain::ClientOrderId::From(absl::StrCat("c-", number));
  XT_CHECK(id.has_value());
  return *id;
}

// A command that carries `number` as its client order id.
inline domain::Command NumberedCommand(std::uint64_t number) {
  domain::CancelOrder cancel;
  cancel.account = domain::AccountId(1);
  cancel.client_order_id = IdOf(number);
  return {cancel};
}

// The client order id of a NumberedCommand; empty for any other command.
inline domain::ClientOrderId IdIn(const domain::Command& command) {
  const auto* cancel = std::get_if<domain::CancelOrder>(&command.body);
  return cancel == nullptr ? domain::ClientOrderId() : cancel->client_order_id;
}

inline domain::ClientOrderId IdIn(const domain::CommandResult& result) {
  const auto* rejected = std::get_if<domain::CommandRejected>(&result.events.front());
  return rejected == nullptr ? domain::ClientOrderId() : rejected->client_order_id;
}

// What matching would say of the frame: each command's only event names its client order id.
inline FrameAnswer HonestAnswer(const domain::Frame& frame) {
  FrameAnswer answer;
  for (std::size_t i = 0; i < frame.commands.size(); ++i) {
    domain::CommandResult result;
    result.sequence = domain::SequenceNumber(frame.first_sequence.value() + i);
    result.timestamp_ns = frame.timestamp_ns;
    if (const auto* start = std::get_if<domain::EpochStart>(&frame.commands[i].body)) {
      result.events.emplace_back(domain::EpochStarted{start->epoch});
    } else if (std::holds_alternative<domain::Tick>(frame.commands[i].body)) {
      result.events.emplace_back(domain::Ticked{});
    } else {
      domain::CommandRejected rejected;
      rejected.account = domain::AccountId(1);
      rejected.reason = domain::RejectReason::kUnknownOrder;
      rejected.client_order_id = IdIn(frame.commands[i]);
      result.events.emplace_back(rejected);
    }
    answer.batches.push_back(std::make_shared<const std::string>(absl::StrCat("batch ", result.sequence.value())));
    answer.results.push_back(std::move(result));
  }
  answer.digest = frame.hash;
  return answer;
}

class TextEncoder final : public FrameEncoder {
 public:
  std::string Encode(domain::Frame& frame) override {
    std::string bytes = absl::StrCat(frame.epoch.value(), " ", frame.first_sequence.value(), " ", frame.timestamp_ns,
                                     " ", frame.previous_hash.ToHex());
    for (const domain::Command& command : frame.commands) bytes.append(" ").append(IdIn(command).view());
    frame.hash = HashBytes(bytes);
    return bytes;
  }
};

}  // namespace xt::sequencer::testing
