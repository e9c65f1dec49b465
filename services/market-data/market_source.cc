#include "services/market-data/market_source.h"

#include <algorithm>

#include "libs/base/status.h"
#include "libs/runtime/log.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/notifications.h"

namespace xt::market_data {

using domain::SequenceNumber;
using runtime::LogField;
using runtime::LogLevel;
using std::chrono::milliseconds;

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;

ports::MarketDelivery Delivery(std::string_view topic, SequenceNumber sequence, wire::RoutedPayload payload) {
  return {.message = {.topic = std::string(topic),
                      .key = "",
                      .id = {sequence, payload.index},
                      .payload = std::make_shared<const std::string>(std::move(payload.bytes))}};
}

}  // namespace

absl::Status MarketSource::Start() {
  bus_there_ns_ = clock_.MonotonicNs();
  if (executions_.always) return absl::OkStatus();
  const std::vector<std::string> topics{std::string(ports::topic::kTrade), std::string(ports::topic::kDepth)};
  XT_ASSIGN_OR_RETURN(consumer_, bus_.Subscribe("", topics, ports::StartAt::kOldest));
  return absl::OkStatus();
}

absl::StatusOr<MarketSource::Deliveries> MarketSource::Poll(std::size_t max, milliseconds timeout, CodeOf code_of) {
  if (executions_.always) return PollExecutions(max, timeout, code_of);
  auto deliveries = PollBus(max, fallen_back_ ? milliseconds(0) : timeout);
  if (!fallen_back_ || !deliveries.ok()) return deliveries;
  if (!deliveries->empty() && from_bus_ >= converted_) {
    runtime::Log(LogLevel::kInfo, "the market bus is read again", {{"seq", from_bus_.value()}});
    fallen_back_ = false;
    return deliveries;
  }
  auto executions = PollExecutions(max, deliveries->empty() ? timeout : milliseconds(0), code_of);
  if (deliveries->empty()) return executions;
  if (executions.ok()) deliveries->insert(deliveries->end(), executions->begin(), executions->end());
  return deliveries;
}

absl::StatusOr<MarketSource::Deliveries> MarketSource::PollBus(std::size_t max, milliseconds timeout) {
  auto deliveries = consumer_->Poll(max, timeout);
  if (executions_.reader == nullptr || !deliveries.ok()) return deliveries;
  for (const ports::MarketDelivery& delivery : *deliveries) {
    from_bus_ = std::max(from_bus_, delivery.message.id.sequence);
    reached_ = std::max(reached_, from_bus_);
  }
  if (!deliveries->empty()) {
    bus_there_ns_ = clock_.MonotonicNs();
  } else if (!fallen_back_) {
    LookWhetherTheBusIsThere();
  }
  return deliveries;
}

// A consumer of a bus that is away has nothing to read, as one that has read everything.
void MarketSource::LookWhetherTheBusIsThere() {
  if (clock_.MonotonicNs() - bus_there_ns_ < config_.fallback_patience_ms * kNsPerMs) return;
  const absl::Status there = bus_.LastId(ports::topic::kTrade).status();
  bus_there_ns_ = clock_.MonotonicNs();
  if (!there.ok() && !absl::IsCancelled(there)) BusFailed(there);
}

void MarketSource::BusFailed(const absl::Status& why) {
  if (executions_.reader == nullptr || fallen_back_) return;
  runtime::Log(LogLevel::kWarn, "the market bus is away, the executions are read instead", {LogField(why)});
  fallen_back_ = true;
  from_bus_ = after_ = converted_ = SequenceNumber();
}

absl::StatusOr<MarketSource::Deliveries> MarketSource::PollExecutions(std::size_t max, milliseconds timeout,
                                                                      CodeOf code_of) {
  XT_ASSIGN_OR_RETURN(const auto entries, executions_.reader->ReadBehind(after_, max, timeout));
  Deliveries deliveries;
  for (const ports::EventEntry& entry : entries) {
    if (entry.sequence.value() != after_.value() + 1) BeginAt(entry.sequence);
    XT_RETURN_IF_ERROR(Convert(entry, code_of, deliveries));
    after_ = entry.sequence;
    reached_ = std::max(reached_, after_);
  }
  return deliveries;
}

// Before it the executions have nothing any more.
void MarketSource::BeginAt(SequenceNumber sequence) {
  new_start_ = true;
  depths_.clear();
  if (reached_.value() == 0 || sequence.value() <= reached_.value() + 1) return;
  const std::uint64_t missed = sequence.value() - reached_.value() - 1;
  runtime::Log(LogLevel::kWarn, "commands are in no source any more: their trades are missing until a restart",
               {{"seq", sequence.value()}, {"missed", missed}});
  missed_ += missed;
}

absl::Status MarketSource::Convert(const ports::EventEntry& entry, CodeOf code_of, Deliveries& deliveries) {
  XT_ASSIGN_OR_RETURN(const domain::CommandResult result, wire::DecodeEventBatch(*entry.payload));
  const auto previous_of = [&](domain::SymbolId symbol) { return std::exchange(depths_[symbol], entry.sequence); };
  const std::size_t before = deliveries.size();
  for (wire::RoutedPayload& trade : wire::MarketTrades(result, code_of)) {
    deliveries.push_back(Delivery(ports::topic::kTrade, entry.sequence, std::move(trade)));
  }
  for (wire::RoutedPayload& depth : wire::MarketDepths(result, code_of, previous_of)) {
    deliveries.push_back(Delivery(ports::topic::kDepth, entry.sequence, std::move(depth)));
  }
  if (deliveries.size() > before) converted_ = entry.sequence;
  return absl::OkStatus();
}

}  // namespace xt::market_data
