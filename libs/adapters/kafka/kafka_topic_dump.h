// ReadTopic: everything that lies in a topic at the time of the call, for those who only look: no group, no commit, and
// a topic that is not there is not made. No state.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/adapters/kafka/kafka_config.h"
#include "libs/ports/market_bus.h"

namespace xt::kafka {

// Visits the messages of one partition after the other, each in order. Returns whether retention has taken some from
// the beginning of any. NOT_FOUND when there is no such topic, UNAVAILABLE when a broker is away.
absl::StatusOr<bool> ReadTopic(const KafkaConfig& config, const std::string& topic,
                               const std::function<void(const ports::MarketMessage&)>& visitor);

}  // namespace xt::kafka
