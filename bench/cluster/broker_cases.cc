#include "bench/cluster/broker_cases.h"

#include <cstdlib>
#include <functional>
#include <memory>
#include <regex>
#include <vector>

#include "absl/strings/str_cat.h"
#include "bench/e2e/recorder.h"
#include "libs/adapters/kafka/kafka_market_bus.h"
#include "libs/adapters/rabbitmq/rabbitmq_notification_bus.h"
#include "libs/adapters/redis/redis_execution_stream.h"
#include "libs/base/status.h"
#include "tests/support/cluster.h"
#include "tests/support/files.h"
#include "tools/servers/kafka_server.h"
#include "tools/servers/rabbitmq_server.h"
#include "tools/servers/redis_server.h"

namespace xt::bench {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::chrono::seconds kToolPatience{300};

// Calls `publish` with the number of the first message until the time is over.
absl::StatusOr<std::int64_t> PerSecond(const BrokerLoad& load,
                                       const std::function<absl::Status(std::uint64_t first)>& publish) {
  std::uint64_t first = 1;
  XT_RETURN_IF_ERROR(publish(first));  // connects
  first += load.per_call;
  const std::uint64_t begin = first;
  const std::int64_t start_ns = NowNs();
  while (NowNs() - start_ns < load.seconds * kSecondNs) {
    XT_RETURN_IF_ERROR(publish(first));
    first += load.per_call;
  }
  const std::int64_t took_ms = (NowNs() - start_ns) / 1'000'000;
  return static_cast<std::int64_t>(first - begin) * 1'000 / took_ms;
}

// The number that the last match of `pattern` in the tool's output captures.
absl::StatusOr<std::int64_t> RunLoadTool(std::vector<std::string> argv, const std::string& pattern) {
  const std::string program = argv.front();
  const test::ToolResult result = test::RunTool(std::move(argv), kToolPatience);
  const std::regex expression(pattern);
  std::int64_t found = -1;
  for (auto match = std::sregex_iterator(result.output.begin(), result.output.end(), expression);
       match != std::sregex_iterator(); ++match) {
    found = std::strtoll((*match)[1].str().c_str(), nullptr, 10);
  }
  if (result.status != 0 || found <= 0) return absl::InternalError(program + " failed:\n" + result.output);
  return found;
}

CaseResult Compared(std::string name, std::int64_t ours, std::int64_t tool) {
  return {std::move(name),
          {{"messages_per_s", ours}, {"tool_messages_per_s", tool}, {"percent_of_tool", ours * 100 / tool}}};
}

std::shared_ptr<const std::string> Payload(const BrokerLoad& load) {
  return std::make_shared<const std::string>(load.message_bytes, 'x');
}

}  // namespace

absl::StatusOr<CaseResult> BenchRedis(std::string name, const BrokerLoad& load) {
  const test::TemporaryFolder folder;
  servers::RedisServer server(servers::RedisServer::Kind::kGeneral, folder / "redis", 0,
                              {.max_memory_mb = 2'000, .environment = {}});
  XT_RETURN_IF_ERROR(server.Start());
  redis::RedisExecutionStream stream({.port = server.port(), .command_timeout_ms = 5'000},
                                     {.shard = "bench", .max_entries = 100'000'000});
  const auto payload = Payload(load);
  std::vector<ports::EventEntry> entries(load.per_call, {domain::SequenceNumber(0), payload});
  XT_ASSIGN_OR_RETURN(const std::int64_t ours, PerSecond(load, [&](std::uint64_t first) {
                        for (auto& entry : entries) entry.sequence = domain::SequenceNumber(first++);
                        return stream.Publish(entries);
                      }));
  // redis-benchmark knows a number of requests, not a time: about as many as ours took.
  XT_ASSIGN_OR_RETURN(
      const std::int64_t tool,
      RunLoadTool({"redis-benchmark", "-p", absl::StrCat(server.port()), "-n", absl::StrCat(ours * load.seconds), "-c",
                   "1", "-P", absl::StrCat(load.per_call), "--csv", "XADD", "tool", "*", "b", *payload},
                  R"re("XADD[^"]*","([0-9]+))re"));
  return Compared(std::move(name), ours, tool);
}

absl::StatusOr<CaseResult> BenchKafka(std::string name, const BrokerLoad& load) {
  const test::TemporaryFolder folder;
  servers::KafkaServer server(folder / "kafka");
  XT_RETURN_IF_ERROR(server.Start());
  XT_ASSIGN_OR_RETURN(const auto bus, kafka::KafkaMarketBus::Create({.brokers = server.address()}));
  const auto payload = Payload(load);
  const auto fill = [&](std::string_view topic, std::uint64_t first) {
    std::vector<ports::MarketMessage> messages(load.per_call);
    for (auto& message : messages) {
      message = {std::string(topic), "ETH-USDT", {domain::SequenceNumber(first++), 0}, payload};
    }
    return messages;
  };
  XT_ASSIGN_OR_RETURN(const std::int64_t ours, PerSecond(load, [&](std::uint64_t first) {
                        return bus->Publish(fill(ports::topic::kTrade, first));
                      }));
  XT_RETURN_IF_ERROR(bus->Publish(fill("bench.tool", 1)));  // the broker makes no topic by the way
  const char* home = std::getenv("XTRADER_KAFKA_HOME");
  if (home == nullptr) return absl::FailedPreconditionError("XTRADER_KAFKA_HOME is not set");
  XT_ASSIGN_OR_RETURN(
      const std::int64_t tool,
      RunLoadTool(
          {"java", "-Xmx256m", "-cp", absl::StrCat(home, "/libs/*"), "org.apache.kafka.tools.ProducerPerformance",
           "--topic", "bench.tool", "--num-records", absl::StrCat(ours * load.seconds), "--record-size",
           absl::StrCat(load.message_bytes), "--throughput", "-1", "--producer-props",
           "bootstrap.servers=" + server.address(), "acks=all", "compression.type=lz4", "linger.ms=1"},
          "records sent, ([0-9]+)[.0-9]* records/sec"));
  return Compared(std::move(name), ours, tool);
}

absl::StatusOr<CaseResult> BenchRabbitMq(std::string name, const BrokerLoad& load, const std::string& perf_test) {
  const test::TemporaryFolder folder;
  servers::RabbitMqServer server(folder / "rabbitmq");
  XT_RETURN_IF_ERROR(server.Start());
  XT_ASSIGN_OR_RETURN(const auto bus, rabbitmq::RabbitMqNotificationBus::Create({.url = server.url()}));
  ports::QueueOptions queue;
  queue.name = "bench";
  queue.bindings = {"bench.#"};
  queue.max_length = 100'000'000;
  { XT_ASSIGN_OR_RETURN(const auto declared, bus->Consume(queue)); }
  const auto payload = Payload(load);
  std::vector<ports::Notification> messages(load.per_call, {"bench.one", {}, payload});
  XT_ASSIGN_OR_RETURN(const std::int64_t ours, PerSecond(load, [&](std::uint64_t first) {
                        for (auto& message : messages) message.id = {domain::SequenceNumber(first++), 0};
                        return bus->Publish(messages);
                      }));
  XT_ASSIGN_OR_RETURN(const std::int64_t tool, RunLoadTool({"java",
                                                            "-Xmx256m",
                                                            "-cp",
                                                            perf_test + "/libs/*",
                                                            "com.rabbitmq.perf.PerfTest",
                                                            "--uri",
                                                            server.url() + "%2f",
                                                            "--producers",
                                                            "1",
                                                            "--consumers",
                                                            "0",
                                                            "--confirm",
                                                            absl::StrCat(load.per_call),
                                                            "--flag",
                                                            "persistent",
                                                            "--size",
                                                            absl::StrCat(load.message_bytes),
                                                            "--quorum-queue",
                                                            "--queue",
                                                            "tool",
                                                            "--time",
                                                            absl::StrCat(load.seconds)},
                                                           "sending rate avg: ([0-9]+) msg/s"));
  return Compared(std::move(name), ours, tool);
}

}  // namespace xt::bench
