// What lies in the brokers and the database, read with plain clients of theirs and compared with what the commands did.
// Plain functions; failures are those of the test.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "libs/domain/ids.h"

namespace xt::test {

// Messages by what keeps them in order: a topic of one partition, a topic and key, a routing key.
using Lanes = std::map<std::string, std::vector<domain::EventId>>;

// What became of an order, by its last report.
struct OrderEnd {
  std::string client_order_id;
  int status = 0;
  std::int64_t executed_quantity = 0;
  friend bool operator==(const OrderEnd&, const OrderEnd&) = default;
};

// Everything that the commands 1..last did, from the executions in Redis, which have to be there without a gap.
struct History {
  std::uint64_t last = 0;
  Lanes kafka;                             // market.trade and trading.events
  Lanes notifications;                     // by routing key
  std::vector<std::string> trades;         // "sequence|trade id"
  std::vector<std::string> fills;          // "sequence|index|trade id"
  std::map<std::string, OrderEnd> orders;  // by order id
};

// Keeps all executions in Redis from now on: what no group of consumers has acknowledged is not trimmed.
void KeepExecutions(const std::string& redis_address);
// Executions that persistence was given and has not acknowledged; -1: nobody says.
std::int64_t PendingExecutions(const std::string& redis_address);
History ReadHistory(const std::string& redis_address);

// A durable queue that gets every notification of the sequencer from its first declaration on.
void DeclareNotificationQueue(const std::string& rabbitmq_url);
// Takes out what lies in it until `found` has as many different messages as are expected, and what comes right after.
void TakeNotifications(const std::string& rabbitmq_url, const Lanes& expected, Lanes& found);
// market.trade and trading.events from their beginning.
Lanes ReadKafka(const std::string& brokers);

// After dropping the ids that come again each lane has exactly what is expected, in order. How many came again.
std::size_t ExpectComplete(const Lanes& found, const Lanes& expected);
// The database has every order, trade and fill of the history, and nothing besides.
void ExpectInDatabase(const std::string& postgres_url, const History& history);

}  // namespace xt::test
