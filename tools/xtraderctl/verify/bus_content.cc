#include "tools/xtraderctl/verify/bus_content.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/ports/market_bus.h"
#include "libs/wire/market_proto.h"

namespace xt::ctl {

void Lane::Add(const BusMessage& message) {
  if (messages_.empty() || messages_.back().id < message.id) {
    messages_.push_back(message);
    return;
  }
  const auto at = std::ranges::lower_bound(messages_, message.id, {}, &BusMessage::id);
  if (at->id == message.id && at->hash == message.hash) return;
  if (!wrong_.empty()) return;
  wrong_ = absl::StrCat(TextOf(message.id), at->id == message.id
                                                ? " came again with another content"
                                                : absl::StrCat(" came behind ", TextOf(messages_.back().id)));
}

void Lane::DropBefore(domain::SequenceNumber sequence) {
  std::erase_if(messages_, [&](const BusMessage& message) { return message.id.sequence < sequence; });
}

std::string LaneName(const std::string& topic, const std::string& key) {
  return key.empty() ? topic : absl::StrCat(topic, " ", key);
}

Hash128 ContentHash(const std::string& topic, const std::string& payload) {
  if (topic != ports::topic::kDepth) return HashBytes(payload);
  auto depth = wire::DecodeMarketDepth(payload);
  if (!depth.ok()) return HashBytes(payload);
  depth->previous_sequence = {};
  return HashBytes(wire::EncodeMarketDepth(*depth));
}

std::string TextOf(const domain::EventId& id) { return absl::StrCat(id.sequence.value(), "-", id.index); }

}  // namespace xt::ctl
