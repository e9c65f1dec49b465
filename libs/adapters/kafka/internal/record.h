// How a market message lies in Kafka: key = symbol, value = payload, header `id` = "<sequence>-<index>". Where a message
// came behind one with a higher id, the header `highest` tells that id, so that the last record of a partition alone says
// where a publisher resumes. Text, so that any tool shows it. Pure functions.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>
#include <string_view>

#include "libs/domain/ids.h"
#include "libs/ports/market_bus.h"

namespace xt::kafka {

inline constexpr const char* kIdHeader = "id";
inline constexpr const char* kHighestHeader = "highest";

std::string FormatId(const domain::EventId& id);

struct Record {
  ports::MarketMessage message;  // without a topic
  domain::EventId highest;
};
// A record that others wrote, without our headers, has sequence 0.
Record Decode(const rd_kafka_message_t& message);

}  // namespace xt::kafka
