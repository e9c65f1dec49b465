// What refuses to start says why, and bad requests change nothing: seen from outside, on the real program.

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/eventually.h"
#include "tests/support/standalone.h"

namespace xt::test {
namespace {

using nlohmann::json;

// The journal's only segment in a young exchange.
std::filesystem::path JournalSegment(const Standalone& exchange) {
  std::vector<std::filesystem::path> segments;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(exchange.data())) {
    if (entry.path().filename().string().starts_with("wal-")) segments.push_back(entry.path());
  }
  std::ranges::sort(segments);
  EXPECT_FALSE(segments.empty());
  return segments.empty() ? std::filesystem::path() : segments.front();
}

std::size_t WrittenBytes(const std::string& content) { return content.find_last_not_of('\0') + 1; }

void Overwrite(const std::filesystem::path& file, std::size_t offset, const std::string& bytes) {
  std::fstream out(file, std::ios::in | std::ios::out | std::ios::binary);
  out.seekp(static_cast<std::streamoff>(offset));
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  ASSERT_TRUE(out.good());
}

// An exchange with some orders in its journal, killed.
void TradeAndKill(Standalone& exchange) {
  ASSERT_TRUE(exchange.Start()) << exchange.output();
  SignedClient client = exchange.client(0);
  for (int i = 0; i < 20; ++i) {
    const auto answer = client.Order(LimitOrder("BTC-USDT", "BUY", "100", "0.01", "order-" + std::to_string(i)));
    ASSERT_TRUE(answer.ok() && answer->status == 200);
  }
  exchange.Kill();
}

TEST(RefusalTest, AnUnknownFlagIsNamed) {
  Standalone exchange({"--no.such-key", "1"});
  const auto status = exchange.RunToEnd();
  ASSERT_TRUE(status.has_value());
  EXPECT_NE(*status, 0);
  EXPECT_NE(exchange.output().find("no.such"), std::string::npos) << exchange.output();
}

TEST(RefusalTest, AnUnknownKeyInTheFileIsNamed) {
  const TemporaryFolder folder;
  std::ofstream(folder / "bad.toml") << "[gateway]\nno_such_key = 1\n";
  Standalone exchange({"--config", folder / "bad.toml"});
  const auto status = exchange.RunToEnd();
  ASSERT_TRUE(status.has_value());
  EXPECT_NE(*status, 0);
  EXPECT_NE(exchange.output().find("gateway.no_such_key"), std::string::npos) << exchange.output();
}

TEST(RefusalTest, AValueOutOfBoundsIsNamed) {
  Standalone exchange({"--demo.accounts", "-1"});
  const auto status = exchange.RunToEnd();
  ASSERT_TRUE(status.has_value());
  EXPECT_NE(*status, 0);
  EXPECT_NE(exchange.output().find("demo.accounts"), std::string::npos) << exchange.output();
}

TEST(RefusalTest, AJournalThatIsDamagedInTheMiddleRefusesToStartAndSaysWhere) {
  Standalone exchange;
  TradeAndKill(exchange);
  const std::filesystem::path segment = JournalSegment(exchange);
  const std::string content = ReadFile(segment);
  const std::size_t middle = WrittenBytes(content) / 2;
  Overwrite(segment, middle, std::string(1, static_cast<char>(content[middle] ^ 0x10)));
  const auto status = exchange.RunToEnd();
  ASSERT_TRUE(status.has_value()) << exchange.output();
  EXPECT_NE(*status, 0);
  EXPECT_NE(exchange.output().find(segment.filename().string()), std::string::npos) << exchange.output();
  EXPECT_NE(exchange.output().find("offset"), std::string::npos) << exchange.output();
}

TEST(RefusalTest, ATornTailIsCutAndSaid) {
  Standalone exchange;
  TradeAndKill(exchange);
  const std::filesystem::path segment = JournalSegment(exchange);
  const std::string content = ReadFile(segment);
  // The beginning of a record whose rest never reached the disk: nobody was told of it.
  constexpr std::size_t kAlignment = 8;
  const std::size_t end = (WrittenBytes(content) + kAlignment - 1) / kAlignment * kAlignment;
  Overwrite(segment, end, std::string(40, 'x'));
  ASSERT_TRUE(exchange.Start()) << exchange.output();
  EXPECT_TRUE(Eventually([&] { return exchange.output().find("cut a torn tail") != std::string::npos; }))
      << exchange.output();
  SignedClient client = exchange.client(0);
  const auto open = client.Get("/v1/orders?open=true");
  ASSERT_TRUE(open.ok() && open->status == 200);
  EXPECT_EQ(open->body.at("orders").size(), 20u);
}

TEST(RefusalTest, AJournalThatLostWhatWasAcknowledgedRefusesToStart) {
  Standalone exchange;
  TradeAndKill(exchange);
  const std::filesystem::path segment = JournalSegment(exchange);
  const std::size_t end = WrittenBytes(ReadFile(segment));
  Overwrite(segment, end - 5, std::string(5, '\0'));
  const auto status = exchange.RunToEnd();
  ASSERT_TRUE(status.has_value()) << exchange.output();
  EXPECT_NE(*status, 0);
  EXPECT_NE(exchange.output().find("DATA_LOSS"), std::string::npos) << exchange.output();
}

TEST(RefusalTest, BadRequestsChangeNothing) {
  Standalone exchange;
  ASSERT_TRUE(exchange.Start()) << exchange.output();
  SignedClient client = exchange.client(0);
  const auto before = client.Get("/v1/account");
  ASSERT_TRUE(before.ok());

  const json good = LimitOrder("BTC-USDT", "BUY", "100", "0.01");
  struct Case {
    json change;
    int status;
    std::string code;
    std::string field;
  };
  const std::vector<Case> cases{
      {{{"symbol", "NO-SUCH"}}, 400, "UNKNOWN_SYMBOL", "symbol"},
      {{{"price", "100.001"}}, 400, "TICK_SIZE", "price"},
      {{{"quantity", "0.000001"}}, 400, "LOT_SIZE", "quantity"},
      {{{"quantity", "-1"}}, 400, "NOT_POSITIVE", "quantity"},
      {{{"quantity", "0"}}, 400, "NOT_POSITIVE", "quantity"},
      {{{"price", "0"}}, 400, "NOT_POSITIVE", "price"},
      {{{"quantity", "99999999999999999999"}}, 400, "OVERFLOW", "quantity"},
      {{{"quantity", "0.0000000001"}}, 400, "TOO_MANY_DECIMALS", "quantity"},
      {{{"quantity", 1}}, 400, "INVALID_VALUE", "quantity"},
      {{{"side", "HOLD"}}, 400, "INVALID_VALUE", "side"},
      {{{"price", "100000"}, {"quantity", "9000"}}, 422, "INSUFFICIENT_BALANCE", "quantity"},
  };
  for (const Case& bad : cases) {
    json order = good;
    order.update(bad.change);
    const auto answer = client.Order(order);
    ASSERT_TRUE(answer.ok());
    EXPECT_EQ(answer->status, bad.status) << order << answer->body;
    EXPECT_EQ(answer->body.value("code", ""), bad.code) << order;
    EXPECT_EQ(answer->body.value("field", ""), bad.field) << order;
  }
  const auto malformed = client.Send("POST", "/v1/order", "{\"symbol\": ");
  ASSERT_TRUE(malformed.ok());
  EXPECT_EQ(malformed->body.value("code", ""), "MALFORMED_REQUEST");
  const auto oversized = client.Send("POST", "/v1/order", std::string(2 * 1024 * 1024, ' '));
  if (oversized.ok()) {
    EXPECT_EQ(oversized->status, 413);
    EXPECT_EQ(oversized->body.value("code", ""), "BODY_TOO_LARGE");
  }

  Credentials wrong = exchange.account(0);
  wrong.secret += "x";
  const auto forged = SignedClient(exchange.rest(), wrong).Order(good);
  ASSERT_TRUE(forged.ok());
  EXPECT_EQ(forged->status, 401);
  EXPECT_EQ(forged->body.value("code", ""), "INVALID_SIGNATURE");
  SignedClient late = exchange.client(0);
  late.set_timestamp_ms(1'000);
  const auto stale = late.Order(good);
  ASSERT_TRUE(stale.ok());
  EXPECT_EQ(stale->status, 401);
  EXPECT_EQ(stale->body.value("code", ""), "STALE_TIMESTAMP");

  const auto after = client.Get("/v1/account");
  ASSERT_TRUE(after.ok());
  EXPECT_EQ(after->body, before->body);
  const auto orders = client.Get("/v1/orders");
  ASSERT_TRUE(orders.ok());
  EXPECT_TRUE(orders->body.at("orders").empty()) << orders->body;
}

}  // namespace
}  // namespace xt::test
