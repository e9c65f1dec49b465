// A broker or the database is away for a while under load, and comes back. No order is refused, no service grows or
// ends, and afterwards each of the brokers has everything, in order, and the database as well. XTRADER_OUTAGE_SECONDS
// says how long each part is away; services would take a name that begins with XT_ for a key of theirs.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "libs/http/client.h"
#include "tests/integration/cluster/bus_readers.h"
#include "tests/integration/cluster/order_load.h"
#include "tests/support/cluster.h"
#include "tools/metrics/metrics_text.h"

namespace xt::test {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr int kDefaultSeconds = 8;
constexpr int kOrdersPerSecond = 400;
constexpr int kTraders = 8;
constexpr int kAccounts = 6;
constexpr std::uint64_t kWarm = 300;  // orders before the part goes away
constexpr milliseconds kStep{50};
constexpr seconds kPatience{180};
constexpr std::int64_t kOnTheWay = 256;  // no backlog yet: what a publisher takes at once
constexpr std::int64_t kUnknown = INT64_MAX;
// What an outage may cost a service in memory. The backlog lies on disk; in memory are a batch per publisher and up to
// 10,000 messages in the client of Kafka. Matching keeps every order's client order id for a day, outage or not.
constexpr std::int64_t kMostGrowthKb = 64 * 1024;
constexpr std::int64_t kMostGrowthOfMatchingKb = 128 * 1024;

seconds OutageLength() {
  const char* text = std::getenv("XTRADER_OUTAGE_SECONDS");
  return seconds(text != nullptr ? std::stoi(text) : kDefaultSeconds);
}

// Asks until it is true.
template <typename Question>
bool Eventually(const Question& question, milliseconds patience = kPatience) {
  const auto deadline = steady_clock::now() + patience;
  while (!question()) {
    if (steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(kStep);
  }
  return true;
}

// The first series of a metric with these labels; nullopt when nobody answers or there is none.
std::optional<std::int64_t> Metric(const std::string& admin, const std::string& name,
                                   const metrics::Labels& labels = {}) {
  http::Client client({.port = PortOf(admin), .request_timeout_ms = 5'000});
  const auto answer = client.Get("/metrics");
  if (!answer.ok()) return std::nullopt;
  const auto samples = metrics::ParseMetrics(answer->body);
  if (!samples.ok()) return std::nullopt;
  const auto found = metrics::SamplesOf(*samples, name, labels);
  if (found.empty()) return std::nullopt;
  return static_cast<std::int64_t>(found.front().value);
}

// How much each service takes. The kernel's peak begins anew with the object.
class Memory {
 public:
  explicit Memory(const json& status) {
    for (const json& service : status.at("services")) {
      const int pid = service.at("pid");
      std::ofstream(absl::StrCat("/proc/", pid, "/clear_refs")) << "5";
      at_start_[service.at("id")] = {pid, Kilobytes(pid, "VmRSS:")};
    }
  }
  // Fails for each that ended, or grew by more than it may.
  void ExpectBounded(const json& status) const {
    for (const json& service : status.at("services")) {
      const std::string id = service.at("id");
      const auto& [pid, before] = at_start_.at(id);
      EXPECT_EQ(service.at("pid"), pid) << id << " ended";
      const std::int64_t peak = Kilobytes(pid, "VmHWM:");
      EXPECT_GT(peak, 0) << id;
      EXPECT_LE(peak - before, service.at("name") == "matching" ? kMostGrowthOfMatchingKb : kMostGrowthKb) << id;
      std::printf("  %-16s %6lld KiB before, at most %6lld KiB\n", id.c_str(), static_cast<long long>(before),
                  static_cast<long long>(peak));
    }
  }

 private:
  static std::int64_t Kilobytes(int pid, const std::string& key) {
    std::ifstream status(absl::StrCat("/proc/", pid, "/status"));
    std::string word;
    while (status >> word) {
      std::int64_t kilobytes = 0;
      if (word == key && status >> kilobytes) return kilobytes;
    }
    return 0;
  }

  std::map<std::string, std::pair<int, std::int64_t>> at_start_;
};

// The cluster that all tests of this program use, and what they know of it.
class World {
 public:
  static World& Get() {
    static World world;
    return world;
  }

  Cluster& cluster() { return cluster_; }
  [[nodiscard]] bool up() const { return !cluster_.ready().is_null(); }
  [[nodiscard]] std::string Address(const std::string& server) const {
    return Cluster::Find(cluster_.ready(), server).at("address");
  }
  [[nodiscard]] std::string Url(const std::string& server) const {
    return Cluster::Find(cluster_.ready(), server).at("url");
  }
  [[nodiscard]] std::string Admin(const std::string& id) const {
    return Cluster::Find(cluster_.ready(), id).at("admin");
  }
  [[nodiscard]] std::string Leader() const { return cluster_.AwaitLeader("sequencer"); }

  // Commands that a bus lacks; for the database those that it has not stored. kUnknown when nobody says.
  [[nodiscard]] std::int64_t Backlog(const std::string& leader, const std::string& bus) const {
    if (bus.empty()) {
      const auto given = Metric(Admin(leader), "sequencer_sequence");
      const auto stored = Metric(Admin("persistence-0"), "persistence_committed_sequence");
      return given && stored ? *given - *stored : kUnknown;
    }
    return Metric(Admin(leader), "mq_spill_queue_depth", {{"broker", bus}}).value_or(kUnknown);
  }
  // Nothing is on its way any more.
  [[nodiscard]] bool AllCaughtUp(const std::string& leader) const {
    for (const char* bus : {"executions", "market", "notifications", ""}) {
      if (Backlog(leader, bus) != 0) return false;
    }
    return true;
  }

  [[nodiscard]] std::vector<TraderOptions> Traders(const std::string& name) const {
    std::vector<TraderOptions> traders;
    for (int i = 0; i < kTraders; ++i) {
      const json& account = accounts_.at(static_cast<std::size_t>(i % kAccounts));
      traders.push_back({.rest = Cluster::Find(cluster_.ready(), "gateway-0").at("rest"),
                         .credentials = {account.at("account"), account.at("apiKey"), account.at("secret")},
                         .name = absl::StrCat(name, "-", i)});
    }
    return traders;
  }

  // What the queue in RabbitMQ has to get: everything behind the last command before it was declared.
  [[nodiscard]] Lanes ExpectedNotifications(const History& history) const {
    Lanes expected;
    for (const auto& [lane, ids] : history.notifications) {
      for (const domain::EventId& id : ids) {
        if (id.sequence.value() > declared_at_) expected[lane].push_back(id);
      }
    }
    return expected;
  }

  Lanes notifications;  // taken out of the queue until now

 private:
  World() {
    const std::string error = cluster_.Up();
    EXPECT_EQ(error, "");
    if (!up()) return;
    MakeAccounts();
    KeepExecutions(Address("redis"));
    const std::string leader = Leader();
    EXPECT_TRUE(Eventually([&] { return AllCaughtUp(leader); }));
    DeclareNotificationQueue(Url("rabbitmq"));
    EXPECT_TRUE(Eventually([&] {
      const auto given = Metric(Admin(leader), "sequencer_sequence");
      declared_at_ = static_cast<std::uint64_t>(given.value_or(0));
      return given.has_value();
    }));
  }

  void MakeAccounts() {
    const TemporaryFolder folder;
    std::vector<std::string> argv{XT_BINARY_DIR "/bin/xt-bootstrap", absl::StrCat("--accounts=", kAccounts),
                                  "--out=" + (folder / "accounts")};
    for (const json& service : cluster_.ready().at("services")) {
      const std::string name = service.at("name");
      if (name != "sequencer" && name != "matching" && name != "persistence") continue;
      argv.push_back("--" + name + "=" + service.at("grpc").get<std::string>());
    }
    constexpr int kTryAgain = 75;  // a replica did not say in time where it stands
    ToolResult made;
    EXPECT_TRUE(Eventually([&] {
      made = RunTool(argv);
      return made.status != kTryAgain;
    }));
    EXPECT_EQ(made.status, 0) << made.output;
    accounts_ = json::parse(ReadFile(folder / "accounts"), nullptr, /*allow_exceptions=*/false);
  }

  Cluster cluster_{XT_BINARY_DIR "/bin", "sequencer=2"};
  json accounts_;
  std::uint64_t declared_at_ = 0;
};

struct Part {
  std::string server;
  std::string bus;  // whose backlog grows; empty: the database's
};
void PrintTo(const Part& part, std::ostream* out) { *out << part.server; }

class OutageTest : public testing::TestWithParam<Part> {
 protected:
  void SetUp() override { ASSERT_TRUE(world_.up()); }

  // Who reads from this bus reads from the other one now.
  [[nodiscard]] bool FallenBack(const std::string& bus) const {
    return Metric(world_.Admin(bus == "executions" ? "persistence-0" : "market-data-0"), "mq_consumer_fallback",
                  {{"broker", bus}}) == 1;
  }
  // Redis is away: what is executed from now on reaches the database all the same, by Kafka.
  void ExpectStoredMeanwhile(const std::string& leader) {
    const auto given = Metric(world_.Admin(leader), "sequencer_sequence");
    ASSERT_TRUE(given.has_value());
    EXPECT_TRUE(Eventually([&] {
      const auto stored = Metric(world_.Admin("persistence-0"), "persistence_committed_sequence");
      return stored && *stored > *given;
    })) << "the database waits for Redis";
    EXPECT_TRUE(FallenBack("executions"));
  }
  // What every broker and the database have, compared with what the commands did; every acknowledged order is among it.
  void ExpectEverythingEverywhere(const LoadReport& load) {
    const History history = ReadHistory(world_.Address("redis"));
    for (const auto& [client_order_id, order_id] : load.acknowledged) {
      const auto order = history.orders.find(order_id);
      ASSERT_NE(order, history.orders.end()) << client_order_id << " was acknowledged and is not there";
      ASSERT_EQ(order->second.client_order_id, client_order_id);
    }
    ExpectInDatabase(world_.Url("postgres"), history);
    const std::size_t kafka = ExpectComplete(ReadKafka(world_.Address("kafka")), history.kafka);
    const Lanes expected = world_.ExpectedNotifications(history);
    TakeNotifications(world_.Url("rabbitmq"), expected, world_.notifications);
    const std::size_t rabbitmq = ExpectComplete(world_.notifications, expected);
    std::printf("  %llu commands, %zu trades; came again: %zu in Kafka, %zu in RabbitMQ\n",
                static_cast<unsigned long long>(history.last), history.trades.size(), kafka, rabbitmq);
  }

  World& world_ = World::Get();
};

TEST_P(OutageTest, OrdersGoOnAndNothingIsMissing) {
  const auto& [server, bus] = GetParam();
  Cluster& cluster = world_.cluster();
  const std::string leader = world_.Leader();
  ASSERT_NE(leader, "");
  const Memory memory(cluster.Status());

  OrderLoad load(world_.Traders(server), kOrdersPerSecond);
  ASSERT_TRUE(Eventually([&] { return load.acknowledged() >= kWarm; }));
  const ToolResult stopped = cluster.Stop(server);
  ASSERT_EQ(stopped.status, 0) << stopped.output;
  const auto away_since = steady_clock::now();
  const std::uint64_t before = load.acknowledged();
  if (server == "redis") ExpectStoredMeanwhile(leader);
  if (server == "kafka") {
    EXPECT_TRUE(Eventually([&] { return FallenBack(bus); }));
  }
  std::this_thread::sleep_until(away_since + OutageLength());  // the outage
  std::int64_t backlog = 0;
  EXPECT_TRUE(Eventually([&] {
    backlog = world_.Backlog(leader, bus);
    return backlog != kUnknown && backlog > kOnTheWay;
  })) << server
      << " was not away";
  const std::uint64_t meanwhile = load.acknowledged() - before;
  const ToolResult started = cluster.Start(server);
  ASSERT_EQ(started.status, 0) << started.output;
  const auto back_since = steady_clock::now();
  // The load goes on until the part takes something again.
  std::int64_t most = backlog;
  EXPECT_TRUE(Eventually([&] {
    const std::int64_t now = world_.Backlog(leader, bus);
    if (now != kUnknown) most = std::max(most, now);
    return now < most;
  })) << server;
  const LoadReport report = load.Stop();
  EXPECT_TRUE(Eventually([&] { return world_.AllCaughtUp(leader); })) << server;
  if (server == "redis" || server == "kafka") {
    EXPECT_TRUE(Eventually([&] { return !FallenBack(bus); }));
  }
  if (server == "redis") {
    EXPECT_TRUE(Eventually([&] { return PendingExecutions(world_.Address("redis")) == 0; }));
  }
  const auto caught_up = std::chrono::duration_cast<milliseconds>(steady_clock::now() - back_since);

  std::printf(
      "%s away for %lld s: %zu orders in %.1f s (%.0f/s), %llu of them meanwhile, %zu refused, %zu without an "
      "answer; backlog %lld commands, caught up %.1f s after the start\n",
      server.c_str(), static_cast<long long>(OutageLength().count()), report.acknowledged.size(),
      static_cast<double>(report.took.count()) / 1000,
      1000.0 * static_cast<double>(report.acknowledged.size()) / static_cast<double>(report.took.count()),
      static_cast<unsigned long long>(meanwhile), report.refused.size(), report.unanswered.size(),
      static_cast<long long>(most), static_cast<double>(caught_up.count()) / 1000);
  EXPECT_TRUE(report.refused.empty()) << report.refused.front();
  EXPECT_TRUE(report.unanswered.empty()) << report.unanswered.front();
  EXPECT_EQ(report.resent, 0U) << "who leads needs none of these servers";
  EXPECT_GT(meanwhile, 0U);
  memory.ExpectBounded(cluster.Status());
  ExpectEverythingEverywhere(report);
}

INSTANTIATE_TEST_SUITE_P(Parts, OutageTest,
                         testing::Values(Part{"rabbitmq", "notifications"}, Part{"kafka", "market"},
                                         Part{"redis", "executions"}, Part{"postgres", ""}),
                         [](const auto& part) { return part.param.server; });

}  // namespace
}  // namespace xt::test
