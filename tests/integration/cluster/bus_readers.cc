#include "tests/integration/cluster/bus_readers.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "libs/adapters/rabbitmq/rabbitmq_notification_bus.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/notifications.h"
#include "tests/support/cluster.h"
#include "tests/support/eventually.h"

namespace xt::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr char kExecutions[] = "xt:{0}:executions";
constexpr char kGroup[] = "outage_test";
constexpr std::chrono::seconds kPatience{120};

struct FreeReply {
  void operator()(void* reply) const { ::freeReplyObject(reply); }
};
using Reply = std::unique_ptr<redisReply, FreeReply>;

class Redis {
 public:
  explicit Redis(const std::string& address) {
    const std::size_t colon = address.rfind(':');
    context_.reset(::redisConnect(address.substr(0, colon).c_str(), std::stoi(address.substr(colon + 1))));
    EXPECT_TRUE(context_ && context_->err == 0) << address;
  }
  Reply Run(const std::vector<std::string>& words) {
    std::vector<const char*> texts;
    std::vector<std::size_t> sizes;
    for (const std::string& word : words) {
      texts.push_back(word.data());
      sizes.push_back(word.size());
    }
    return Reply(static_cast<redisReply*>(
        ::redisCommandArgv(context_.get(), static_cast<int>(words.size()), texts.data(), sizes.data())));
  }

 private:
  struct FreeContext {
    void operator()(redisContext* context) const { ::redisFree(context); }
  };
  std::unique_ptr<redisContext, FreeContext> context_;
};

domain::EventId IdOf(std::string_view text) {
  std::uint64_t sequence = 0;
  domain::EventId id;
  const char* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, sequence);
  if (read.ptr != end) std::from_chars(read.ptr + 1, end, id.index);
  id.sequence = domain::SequenceNumber(sequence);
  return id;
}

std::string TextOf(const domain::EventId& id) { return absl::StrCat(id.sequence.value(), "-", id.index); }

// Takes in one command after the other.
class HistoryBuilder {
 public:
  void Add(const domain::CommandResult& result) {
    history_.last = result.sequence.value();
    history_.kafka["trading.events"].push_back({result.sequence, 1});
    std::uint32_t index = 0;
    for (const domain::Event& event : result.events) AddEvent(result.sequence, ++index, event);
    const auto code_of = [this](domain::SymbolId id) { return codes_.at(id); };
    const auto notify = [&](const std::string& key, const wire::RoutedPayload& payload) {
      history_.notifications[key].push_back({result.sequence, payload.index});
    };
    for (const auto& trade : wire::MarketTrades(result, code_of)) {
      const std::string code(codes_.at(trade.symbol).view());
      history_.kafka["market.trade " + code].push_back({result.sequence, trade.index});
      notify("trade." + code, trade);
    }
    const auto no_previous = [](domain::SymbolId) { return domain::SequenceNumber(); };
    for (const auto& depth : wire::MarketDepths(result, code_of, no_previous)) {
      notify(absl::StrCat("orderbook.", std::string(codes_.at(depth.symbol).view())), depth);
    }
    for (const auto& user : wire::UserEventsByAccount(result)) {
      notify(absl::StrCat("user.", user.account.value()), user);
    }
  }
  History Take() { return std::move(history_); }

 private:
  void AddEvent(domain::SequenceNumber sequence, std::uint32_t index, const domain::Event& event) {
    if (const auto* defined = std::get_if<domain::SymbolDefined>(&event)) {
      codes_[defined->symbol.id] = defined->symbol.code;
    } else if (const auto* trade = std::get_if<domain::Trade>(&event)) {
      history_.trades.push_back(absl::StrCat(sequence.value(), "|", trade->trade_id.value()));
    } else if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) {
      if (report->order_id.value() == 0) return;
      history_.orders[absl::StrCat(report->order_id.value())] = {std::string(report->client_order_id.view()),
                                                                 static_cast<int>(report->status),
                                                                 report->executed_quantity.value()};
      if (report->execution_type != domain::ExecutionType::kTrade) return;
      history_.fills.push_back(absl::StrCat(sequence.value(), "|", index, "|", report->trade_id.value()));
    }
  }

  History history_;
  std::map<domain::SymbolId, domain::SymbolCode> codes_;
};

std::unique_ptr<rabbitmq::RabbitMqNotificationBus> NotificationBus(const std::string& url) {
  rabbitmq::RabbitMqConfig config;
  config.url = url;
  auto bus = rabbitmq::RabbitMqNotificationBus::Create(config);
  EXPECT_TRUE(bus.ok()) << bus.status();
  return bus.ok() ? *std::move(bus) : nullptr;
}

std::unique_ptr<ports::NotificationConsumer> EveryNotification(rabbitmq::RabbitMqNotificationBus& bus) {
  auto consumer =
      bus.Consume({.name = kGroup, .bindings = {"trade.#", "orderbook.#", "user.#"}, .max_length = 2'000'000});
  EXPECT_TRUE(consumer.ok()) << consumer.status();
  return consumer.ok() ? *std::move(consumer) : nullptr;
}

std::size_t CountDifferent(const Lanes& lanes) {
  std::size_t count = 0;
  for (const auto& [lane, ids] : lanes) count += std::set<domain::EventId>(ids.begin(), ids.end()).size();
  return count;
}

std::vector<std::string> Rows(const std::string& url, const std::string& query) {
  const ToolResult result = RunTool({"psql", url, "-Atc", query});
  EXPECT_EQ(result.status, 0) << result.output;
  return absl::StrSplit(result.output, '\n', absl::SkipEmpty());
}

// Names the first difference instead of printing everything.
void ExpectSame(const std::string& what, const std::vector<std::string>& found,
                const std::vector<std::string>& expected) {
  EXPECT_EQ(found.size(), expected.size()) << what;
  const auto [f, e] = std::mismatch(found.begin(), found.end(), expected.begin(), expected.end());
  if (f == found.end() && e == expected.end()) return;
  ADD_FAILURE() << what << ": found " << (f == found.end() ? "the end" : *f) << ", expected "
                << (e == expected.end() ? "the end" : *e);
}

}  // namespace

void KeepExecutions(const std::string& redis_address) {
  const Reply reply = Redis(redis_address).Run({"XGROUP", "CREATE", kExecutions, kGroup, "0"});
  ASSERT_TRUE(reply != nullptr && reply->type == REDIS_REPLY_STATUS) << "no group";
}

std::int64_t PendingExecutions(const std::string& redis_address) {
  const Reply reply = Redis(redis_address).Run({"XPENDING", kExecutions, "execution_processors"});
  const bool told = reply != nullptr && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;
  return told ? reply->element[0]->integer : -1;
}

History ReadHistory(const std::string& redis_address) {
  Redis redis(redis_address);
  HistoryBuilder builder;
  std::uint64_t last = 0;
  while (true) {
    const Reply page = redis.Run({"XRANGE", kExecutions, absl::StrCat("(", last, "-0"), "+", "COUNT", "1000"});
    EXPECT_TRUE(page != nullptr && page->type == REDIS_REPLY_ARRAY) << "no executions behind " << last;
    if (page == nullptr || page->type != REDIS_REPLY_ARRAY || page->elements == 0) return builder.Take();
    for (std::size_t i = 0; i < page->elements; ++i) {
      const redisReply& entry = *page->element[i];
      const std::uint64_t sequence = IdOf({entry.element[0]->str, entry.element[0]->len}).sequence.value();
      EXPECT_EQ(sequence, last + 1) << "a gap in the executions";
      last = sequence;
      const redisReply& payload = *entry.element[1]->element[1];
      const auto result = wire::DecodeEventBatch({payload.str, payload.len});
      EXPECT_TRUE(result.ok()) << result.status();
      if (!result.ok()) return builder.Take();
      EXPECT_EQ(result->sequence.value(), sequence);
      builder.Add(*result);
    }
  }
}

void DeclareNotificationQueue(const std::string& rabbitmq_url) {
  const auto bus = NotificationBus(rabbitmq_url);
  ASSERT_NE(bus, nullptr);
  ASSERT_NE(EveryNotification(*bus), nullptr);
}

void TakeNotifications(const std::string& rabbitmq_url, const Lanes& expected, Lanes& found) {
  const auto bus = NotificationBus(rabbitmq_url);
  const auto consumer = bus ? EveryNotification(*bus) : nullptr;
  ASSERT_NE(consumer, nullptr);
  const std::size_t enough = CountDifferent(expected);
  std::map<std::string, std::set<domain::EventId>> different;
  std::size_t count = 0;
  for (const auto& [lane, ids] : found) {
    different[lane].insert(ids.begin(), ids.end());
    count += different[lane].size();
  }
  const auto deadline = steady_clock::now() + kPatience;
  bool more = true;
  while (more && steady_clock::now() < deadline) {
    const auto some = consumer->Read(1'000, milliseconds(500));
    ASSERT_TRUE(some.ok()) << some.status();
    for (const ports::NotificationDelivery& delivery : *some) {
      const ports::Notification& notification = delivery.notification;
      found[notification.routing_key].push_back(notification.id);
      if (different[notification.routing_key].insert(notification.id).second) ++count;
      EXPECT_TRUE(consumer->Acknowledge(delivery.tag).ok());
    }
    more = !some->empty() || count < enough;
  }
}

Lanes ReadKafka(const std::string& brokers) {
  Lanes found;
  const auto read = [&](const std::string& topic, const auto& lane_of) {
    const ToolResult kcat =
        RunTool({"kcat", "-b", brokers, "-m", "60", "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-f", "%k %h\\n"},
                std::chrono::seconds(180));
    EXPECT_EQ(kcat.status, 0) << kcat.output.substr(0, 1'000);
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(kcat.output, '\n', absl::SkipEmpty()))) {
      // "BTC-KRW id=12-1", with other headers before or behind.
      const std::size_t key_end = line.find(' ');
      for (const absl::string_view header : absl::StrSplit(line.substr(key_end + 1), ',')) {
        if (header.substr(0, 3) != "id=") continue;
        found[lane_of(line.substr(0, key_end))].push_back(IdOf({header.data() + 3, header.size() - 3}));
      }
    }
  };
  read("trading.events", [](const std::string&) { return "trading.events"; });
  read("market.trade", [](const std::string& key) { return "market.trade " + key; });
  return found;
}

std::size_t ExpectComplete(const Lanes& found, const Lanes& expected) {
  std::size_t again = 0;
  for (const auto& [lane, ids] : expected) {
    std::set<domain::EventId> seen;
    std::vector<std::string> texts;
    std::vector<std::string> expected_texts;
    const auto all = found.find(lane);
    for (const domain::EventId& id : all == found.end() ? std::vector<domain::EventId>() : all->second) {
      if (seen.insert(id).second) {
        texts.push_back(TextOf(id));
      } else {
        ++again;
      }
    }
    for (const domain::EventId& id : ids) expected_texts.push_back(TextOf(id));
    ExpectSame(lane, texts, expected_texts);
  }
  for (const auto& [lane, ids] : found) EXPECT_TRUE(expected.contains(lane)) << lane << " was not expected";
  return again;
}

void ExpectInDatabase(const std::string& postgres_url, const History& history) {
  std::vector<std::string> watermark;
  EXPECT_TRUE(Eventually([&] {
    watermark = Rows(postgres_url, "SELECT sequence FROM xtrader.watermark");
    return watermark == std::vector<std::string>{absl::StrCat(history.last)};
  })) << absl::StrJoin(watermark, ", ")
      << " and not " << history.last;
  ExpectSame("trades", Rows(postgres_url, "SELECT sequence, trade_id FROM xtrader.trades ORDER BY sequence, trade_id"),
             history.trades);
  ExpectSame("fills", Rows(postgres_url, "SELECT sequence, event, trade_id FROM xtrader.fills ORDER BY 1, 2"),
             history.fills);
  std::vector<std::string> orders;
  for (const auto& [id, order] : history.orders) {
    orders.push_back(absl::StrCat(id, "|", order.client_order_id, "|", order.status, "|", order.executed_quantity));
  }
  ExpectSame("orders",
             Rows(postgres_url,
                  "SELECT order_id, client_order_id, status, executed_quantity FROM xtrader.orders "
                  "ORDER BY order_id::text COLLATE \"C\""),
             orders);
}

}  // namespace xt::test
