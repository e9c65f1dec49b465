// MarketBus: what the outside world consumes at its own pace, by topic. Kafka in a cluster, a file per topic with
// in-process readers in the standalone.
//
// Threads: Publish by any thread, a topic by one at a time; each consumer object by one thread.
// Delivery: at least once, in order per key (the symbol). Every message has the id (sequence, index) of its event, by which
// consumers drop duplicates (id <= the last one of its topic and key) and see gaps. A topic may have several partitions;
// then nothing is said about the order of different keys. Retention by bytes or by age per topic; what fell out is gone
// (OUT_OF_RANGE is not raised: a consumer starts at the oldest that is there and sees the gap by the ids).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"

namespace xt::ports {

namespace topic {
inline constexpr std::string_view kTrade = "market.trade";    // xtrader.v1.MarketTrade
inline constexpr std::string_view kDepth = "market.depth";    // xtrader.v1.MarketDepth
inline constexpr std::string_view kTicker = "market.ticker";  // xtrader.v1.MarketTicker
inline constexpr std::string_view kKline = "market.kline";    // xtrader.v1.MarketCandle
inline constexpr std::string_view kIndex = "market.index";
inline constexpr std::string_view kExternal = "market.external";      // xtrader.v1.ExternalTrade, .ExternalDepth
inline constexpr std::string_view kTradingEvents = "trading.events";  // xtrader.v1.EventBatch
inline constexpr std::string_view kRiskAudit = "risk.audit";          // xtrader.v1.RiskAudit
}  // namespace topic

struct MarketMessage {
  std::string topic;
  std::string key;     // symbol code, or empty
  domain::EventId id;  // sequence 0 for what does not come from a command (external data)
  std::shared_ptr<const std::string> payload;
};

struct MarketDelivery {
  MarketMessage message;
  // Within the topic, from 0; in a topic of several partitions, within the partition of the key. It grows along a key and
  // names no message across keys.
  std::uint64_t offset = 0;
};

// Where a consumer without a committed offset starts.
enum class StartAt : std::uint8_t { kOldest, kNewest };

class MarketConsumer {
 public:
  virtual ~MarketConsumer() = default;
  // Up to `max` messages over the subscribed topics, waiting up to `timeout` for the first. Empty after a time-out,
  // CANCELLED after Close.
  virtual absl::StatusOr<std::vector<MarketDelivery>> Poll(std::size_t max, std::chrono::milliseconds timeout) = 0;
  // Everything that Poll returned so far is handled: a later consumer of the group starts behind it.
  virtual absl::Status Commit() = 0;
  // How many messages lie behind what is committed, in the partitions that this consumer reads.
  [[nodiscard]] virtual std::uint64_t Lag() const = 0;
};

class MarketBus {
 public:
  virtual ~MarketBus() = default;
  // Returns when all messages are confirmed. UNAVAILABLE: some may have been stored, and may show up later; publishing the
  // same ones again, before any that follow, is right. CANCELLED after Close, which also ends one that waits.
  virtual absl::Status Publish(const std::vector<MarketMessage>& messages) = 0;
  // The highest id stored in a topic; {0, 0} when none. In a topic of one partition all before it are stored too, and a
  // publisher resumes behind it. In one of several, the last unconfirmed Publish may be stored in some of them only: a
  // publisher resumes behind what it knows to be confirmed.
  virtual absl::StatusOr<domain::EventId> LastId(std::string_view topic) = 0;
  // An empty group has no committed offset and is alone: it starts where `start` says each time.
  virtual absl::StatusOr<std::unique_ptr<MarketConsumer>> Subscribe(std::string_view group,
                                                                    const std::vector<std::string>& topics,
                                                                    StartAt start) = 0;
  // A consumer of its own, of one topic with one partition, that delivers everything behind `last`. It may begin earlier:
  // the reader drops that by the ids.
  virtual absl::StatusOr<std::unique_ptr<MarketConsumer>> SubscribeBehind(const std::string& topic,
                                                                          const domain::EventId& last) {
    (void)last;
    return Subscribe("", {topic}, StartAt::kOldest);
  }
  virtual void Close() = 0;
};

}  // namespace xt::ports
