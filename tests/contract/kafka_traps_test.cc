// What librdkafka does in trouble, on its own mock cluster, which fails and delays requests to order. Unlike a broker the
// mock takes what comes out of sequence, also from an idempotent producer: a request that is to fail must not have others
// behind it.
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <thread>

#include "tests/contract/kafka_support.h"

namespace xt::contract {
namespace {

using kafka::KafkaConfig;
using kafka::KafkaMarketBus;

constexpr std::int16_t kProduce = 0;
// Few of so many bytes fill a request, and answers take so long that several requests are on the way.
constexpr std::size_t kLarge = 20'000;
constexpr int kRttMs = 20;

class KafkaTrapsTest : public ::testing::Test {
 protected:
  explicit KafkaTrapsTest(int brokers = 1) : client_(rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), nullptr, 0)) {
    cluster_ = rd_kafka_mock_cluster_new(client_, brokers);
    rd_kafka_mock_topic_create(cluster_, "one", 1, 1);
    rd_kafka_mock_topic_create(cluster_, "four", 4, 1);
    config_.brokers = rd_kafka_mock_cluster_bootstraps(cluster_);
  }
  ~KafkaTrapsTest() override {
    rd_kafka_mock_cluster_destroy(cluster_);
    rd_kafka_destroy(client_);
  }
  template <typename... Errors>
  void FailProduce(Errors... errors) {
    rd_kafka_mock_push_request_errors(cluster_, kProduce, sizeof...(errors), errors...);
  }
  // As a publisher does: the same messages until they are confirmed.
  static void PublishUntilConfirmed(KafkaMarketBus& bus, const std::vector<ports::MarketMessage>& messages) {
    const auto deadline = std::chrono::steady_clock::now() + kDeadline;
    absl::Status status;
    do {
      status = bus.Publish(messages);
    } while (absl::IsUnavailable(status) && std::chrono::steady_clock::now() < deadline);
    ASSERT_TRUE(status.ok()) << status;
  }

  KafkaConfig config_;
  rd_kafka_t* client_;
  rd_kafka_mock_cluster_t* cluster_;
};

class KafkaTwoBrokersTest : public KafkaTrapsTest {
 protected:
  KafkaTwoBrokersTest() : KafkaTrapsTest(2) {}
};

// Whoever does not know yet that the leader moved has every request refused that is on the way.
TEST_F(KafkaTwoBrokersTest, RetriableErrorsDoNotReorder) {
  rd_kafka_mock_partition_set_leader(cluster_, "one", 0, 1);
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("one", 1, 4)).ok());
  for (const int broker : {1, 2}) rd_kafka_mock_broker_set_rtt(cluster_, broker, kRttMs);
  int leader = 2;
  for (std::uint64_t n = 5; n <= 2000; n += 499) {
    rd_kafka_mock_partition_set_leader(cluster_, "one", 0, leader);
    leader = 3 - leader;
    ASSERT_TRUE(bus->Publish(NumberedMessages("one", n, n + 498, kLarge)).ok());
  }
  EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*bus, "one"), 2000), 0U);
  EXPECT_EQ(bus->stats().producers_built, 1U);
}

TEST_F(KafkaTrapsTest, WhatWasReportedAsFailedButIsStoredIsNotStoredTwice) {
  config_.publish_timeout = std::chrono::milliseconds(500);  // half of what the library waits for an answer
  const auto bus = ConnectToKafka(config_);
  PublishUntilConfirmed(*bus, NumberedMessages("four", 1, 100));
  const auto before = bus->stats();
  rd_kafka_mock_broker_set_rtt(cluster_, 1, 3'000);  // it stores at once and answers after the deadline
  // Four requests at most: all are sent before the first answer.
  const auto messages = NumberedMessages("four", 101, 104);
  EXPECT_EQ(bus->Publish(messages).code(), absl::StatusCode::kUnavailable);
  rd_kafka_mock_broker_set_rtt(cluster_, 1, 0);
  PublishUntilConfirmed(*bus, messages);
  EXPECT_EQ(bus->stats().already_stored, before.already_stored + 4);
  EXPECT_EQ(bus->stats().publish_failures, before.publish_failures + 1);
  EXPECT_EQ(bus->stats().producers_built, before.producers_built + 1);
  PublishUntilConfirmed(*bus, NumberedMessages("four", 105, 300));
  EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*bus, "four"), 300), 0U);
}

TEST_F(KafkaTrapsTest, AFatalErrorMakesANewProducerThatResumesByTheLog) {
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("four", 1, 100)).ok());
  FailProduce(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  // The error meets one of the partitions; the others are stored, or given up unsent.
  const auto messages = NumberedMessages("four", 101, 300);
  const absl::Status status = bus->Publish(messages);
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_EQ(bus->stats().fatal_errors, 1U);
  PublishUntilConfirmed(*bus, messages);
  EXPECT_EQ(bus->stats().producers_built, 2U);
  EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*bus, "four"), 300), 0U);
}

TEST_F(KafkaTrapsTest, WhatWasStoredBeforeAFatalErrorIsLeftOutOfTheRetry) {
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("one", 1, 4)).ok());
  rd_kafka_mock_broker_set_rtt(cluster_, 1, kRttMs);
  FailProduce(RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
              RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
  const auto messages = NumberedMessages("one", 5, 1000, kLarge);
  EXPECT_EQ(bus->Publish(messages).code(), absl::StatusCode::kUnavailable);
  rd_kafka_mock_clear_request_errors(cluster_, kProduce);
  PublishUntilConfirmed(*bus, messages);
  EXPECT_GT(bus->stats().already_stored, 0U);
  EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*bus, "one"), 1000), 0U);
}

TEST_F(KafkaTrapsTest, ABrokerThatIsAwayFailsACallAndNothingElse) {
  const KafkaConfig patient = config_;
  config_.publish_timeout = config_.request_timeout = std::chrono::milliseconds(500);
  const auto bus = ConnectToKafka(config_);
  rd_kafka_mock_broker_set_down(cluster_, 1);
  const auto messages = NumberedMessages("four", 1, 100);
  EXPECT_EQ(bus->Publish(messages).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(bus->LastId("four").status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(bus->Subscribe("g", {"four"}, ports::StartAt::kOldest).status().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(bus->stats().connected);
  rd_kafka_mock_broker_set_up(cluster_, 1);
  PublishUntilConfirmed(*bus, messages);
  EXPECT_TRUE(bus->stats().connected);
  rd_kafka_mock_broker_set_down(cluster_, 1);
  const auto more = NumberedMessages("four", 101, 200);
  EXPECT_EQ(bus->Publish(more).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(bus->Publish(more).code(), absl::StatusCode::kUnavailable);
  rd_kafka_mock_broker_set_up(cluster_, 1);
  PublishUntilConfirmed(*bus, more);
  EXPECT_EQ(ExpectCompleteInOrder(ReadTopic(*ConnectToKafka(patient), "four"), 200), 0U);
}

TEST_F(KafkaTrapsTest, CloseEndsAPublishThatWaits) {
  config_.publish_timeout = kDeadline;
  const auto bus = ConnectToKafka(config_);
  ASSERT_TRUE(bus->Publish(NumberedMessages("one", 1, 4)).ok());
  rd_kafka_mock_broker_set_down(cluster_, 1);
  absl::Status status;
  std::thread publisher([&] { status = bus->Publish(NumberedMessages("one", 5, 8)); });
  while (bus->stats().in_flight < 4) std::this_thread::yield();
  bus->Close();
  publisher.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled);
}

}  // namespace
}  // namespace xt::contract
