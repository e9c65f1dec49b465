// What the tests of the notification bus on RabbitMQ share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "libs/adapters/rabbitmq/rabbitmq_notification_bus.h"
#include "tests/contract/contract_support.h"
#include "tools/servers/rabbitmq_server.h"

namespace xt::contract {

// A broker with a folder of its own, started.
class StartedRabbitMq {
 public:
  StartedRabbitMq() : server_(folder_.path()) {
    const absl::Status status = server_.Start();
    EXPECT_TRUE(status.ok()) << status;
  }
  [[nodiscard]] servers::RabbitMqServer& server() { return server_; }

 private:
  TemporaryFolder folder_;
  servers::RabbitMqServer server_;
};

// Patient with a slow machine.
inline rabbitmq::RabbitMqConfig ConfigOf(const std::string& url) {
  rabbitmq::RabbitMqConfig config;
  config.url = url;
  config.publish_timeout = kDeadline;
  config.request_timeout = kDeadline;
  return config;
}

inline std::unique_ptr<rabbitmq::RabbitMqNotificationBus> ConnectToRabbitMq(const rabbitmq::RabbitMqConfig& config) {
  auto bus = rabbitmq::RabbitMqNotificationBus::Create(config);
  EXPECT_TRUE(bus.ok()) << bus.status();
  return *std::move(bus);
}

inline ports::Notification Numbered(const std::string& key, std::uint64_t number) {
  return {key, {domain::SequenceNumber(number), 0}, std::make_shared<const std::string>(std::to_string(number))};
}

inline std::vector<ports::Notification> NumberedRange(const std::string& key, std::uint64_t first, std::uint64_t last) {
  std::vector<ports::Notification> messages;
  for (std::uint64_t number = first; number <= last; ++number) messages.push_back(Numbered(key, number));
  return messages;
}

inline ports::QueueOptions NamedQueue(const std::string& name, const std::string& binding) {
  ports::QueueOptions options;
  options.name = name;
  options.bindings = {binding};
  return options;
}

inline absl::Status StatusOf(const absl::Status& status) { return status; }
template <typename Value>
absl::Status StatusOf(const absl::StatusOr<Value>& value) {
  return value.status();
}

// A broker that was restarted takes connections before its quorum queues have their leaders.
template <typename Call>
auto UntilAvailable(const Call& call) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(90);
  auto answer = call();
  while (absl::IsUnavailable(StatusOf(answer)) && std::chrono::steady_clock::now() < deadline) answer = call();
  return answer;
}

// A broker that has just begun may take longer to elect the queue's leader than it permits itself.
inline std::unique_ptr<ports::NotificationConsumer> MustConsume(ports::NotificationBus& bus,
                                                                const ports::QueueOptions& options) {
  auto consumer = UntilAvailable([&] { return bus.Consume(options); });
  EXPECT_TRUE(consumer.ok()) << consumer.status();
  return *std::move(consumer);
}

// Reads and acknowledges until `count` have come; their sequence numbers.
inline std::vector<std::uint64_t> TakeNumbers(ports::NotificationConsumer& consumer, std::size_t count) {
  std::vector<std::uint64_t> numbers;
  while (numbers.size() < count) {
    const auto deliveries = consumer.Read(1'000, kDeadline);
    EXPECT_TRUE(deliveries.ok()) << deliveries.status();
    if (!deliveries.ok() || deliveries->empty()) break;
    for (const auto& delivery : *deliveries) {
      numbers.push_back(delivery.notification.id.sequence.value());
      EXPECT_TRUE(consumer.Acknowledge(delivery.tag).ok());
    }
  }
  return numbers;
}

}  // namespace xt::contract
