#include "libs/adapters/embedded/internal/market_topic.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/embedded/internal/bytes.h"
#include "libs/base/status.h"

namespace xt::embedded {
namespace {

using domain::EventId;
using domain::SequenceNumber;

// u64 + u32 id, u64 + u32 highest id so far, u32 length of the key, key, payload.
constexpr std::size_t kHeadBytes = 28;

void PutId(std::string& out, const EventId& id) {
  PutInt(out, id.sequence.value());
  PutInt(out, id.index);
}

EventId GetId(std::string_view bytes, std::size_t at) {
  return {SequenceNumber(GetInt<std::uint64_t>(bytes, at)), GetInt<std::uint32_t>(bytes, at + 8)};
}

std::string Encode(const ports::MarketMessage& message, const EventId& highest) {
  std::string out;
  out.reserve(kHeadBytes + message.key.size() + message.payload->size());
  PutId(out, message.id);
  PutId(out, highest);
  PutInt(out, static_cast<std::uint32_t>(message.key.size()));
  return out.append(message.key).append(*message.payload);
}

bool Decode(std::string_view bytes, ports::MarketMessage& message, EventId& highest) {
  if (bytes.size() < kHeadBytes) return false;
  const auto key = GetInt<std::uint32_t>(bytes, 24);
  if (bytes.size() - kHeadBytes < key) return false;
  message.id = GetId(bytes, 0);
  highest = GetId(bytes, 12);
  message.key = bytes.substr(kHeadBytes, key);
  message.payload = std::make_shared<const std::string>(bytes.substr(kHeadBytes + key));
  return true;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MarketTopic>> MarketTopic::Open(std::string name, std::string folder,
                                                               std::uint64_t segment_bytes,
                                                               std::uint64_t retain_bytes) {
  XT_ASSIGN_OR_RETURN(auto log, SegmentLog::Open(std::move(folder), {segment_bytes, 0}));
  std::unique_ptr<MarketTopic> topic(new MarketTopic(std::move(name), retain_bytes, std::move(log)));
  const std::uint64_t end = topic->end();
  if (end == topic->begin()) return topic;
  XT_ASSIGN_OR_RETURN(const auto last, topic->log_->Read(end - 1, 1));
  ports::MarketMessage ignored;
  if (last.empty() || !Decode(*last[0].payload, ignored, topic->last_id_)) {
    return absl::DataLossError(absl::StrCat("topic ", topic->name_, ": the last message is damaged"));
  }
  return topic;
}

absl::Status MarketTopic::Append(const std::vector<const ports::MarketMessage*>& messages) {
  EventId highest = LastId();
  std::vector<std::string> encoded;
  encoded.reserve(messages.size());
  for (const ports::MarketMessage* message : messages) {
    highest = std::max(highest, message->id);
    encoded.push_back(Encode(*message, highest));
  }
  XT_RETURN_IF_ERROR(log_->Append({encoded.begin(), encoded.end()}));
  {
    std::lock_guard lock(mutex_);
    last_id_ = highest;
  }
  return log_->TrimToBytes(retain_bytes_);
}

absl::StatusOr<std::uint64_t> MarketTopic::Read(std::uint64_t offset, std::size_t max,
                                                std::vector<ports::MarketDelivery>& out) const {
  auto records = log_->Read(std::max(offset, log_->begin()), max);
  // Retention may overtake a reader between two calls.
  while (absl::IsOutOfRange(records.status())) records = log_->Read(log_->begin(), max);
  XT_RETURN_IF_ERROR(records.status());
  for (const SegmentLog::Record& record : *records) {
    ports::MarketDelivery delivery;
    EventId highest;
    delivery.message.topic = name_;
    delivery.offset = record.position;
    if (!Decode(*record.payload, delivery.message, highest)) {
      return absl::DataLossError(absl::StrCat("topic ", name_, ": message ", record.position, " is malformed"));
    }
    out.push_back(std::move(delivery));
    offset = record.position + 1;
  }
  return offset;
}

EventId MarketTopic::LastId() const {
  std::lock_guard lock(mutex_);
  return last_id_;
}

}  // namespace xt::embedded
