#include "services/notifier/client_request.h"

#include <gtest/gtest.h>

namespace xt::notifier {
namespace {

TEST(ClientRequestTest, ReadsRequests) {
  const ClientRequest subscribe =
      ParseClientRequest(R"({"method": "SUBSCRIBE", "params": ["trade.BTC-KRW", "ticker.*"], "id": 1})");
  EXPECT_EQ(subscribe.id, "1");
  const auto& channels = std::get<SubscribeRequest>(subscribe.body);
  EXPECT_TRUE(channels.add);
  ASSERT_EQ(channels.channels.size(), 2U);
  EXPECT_EQ(channels.channels[0].symbol, "BTC-KRW");
  EXPECT_EQ(channels.channels[1].channel, Channel::kTicker);
  EXPECT_FALSE(
      std::get<SubscribeRequest>(ParseClientRequest(R"({"method": "UNSUBSCRIBE", "params": ["trade.*"]})").body).add);
  const ClientRequest logon = ParseClientRequest(
      R"({"method": "LOGON", "params": {"apiKey": "k", "timestamp": 17, "signature": "s"}, "id": "é"})");
  EXPECT_EQ(logon.id, "\"é\"");
  EXPECT_EQ(std::get<LogonRequest>(logon.body).timestamp_ms, 17);
}

TEST(ClientRequestTest, BoundsWhatItTakes) {
  const std::string many = [] {
    std::string text = R"({"method": "SUBSCRIBE", "params": ["trade.*")";
    for (int i = 0; i < 1'000; ++i) text += R"(,"trade.*")";
    return text + "]}";
  }();
  EXPECT_EQ(std::get<domain::Reject>(ParseClientRequest(many).body),
            (domain::Reject{domain::RejectReason::kInvalidValue, "params"}));
  const ClientRequest long_id = ParseClientRequest(R"({"method": "LIST", "id": ")" + std::string(63, 'x') + "\"}");
  EXPECT_EQ(std::get<domain::Reject>(long_id.body), (domain::Reject{domain::RejectReason::kInvalidValue, "id"}));
  EXPECT_EQ(long_id.id, "null");
  const std::string deep(60'000, '[');
  EXPECT_EQ(std::get<domain::Reject>(ParseClientRequest(deep).body).reason, domain::RejectReason::kMalformedRequest);
}

}  // namespace
}  // namespace xt::notifier
