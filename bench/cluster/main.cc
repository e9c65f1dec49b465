// bench-cluster [--json] [--seconds N] [--seed N] [--case NAME]...: orders through a whole cluster on real servers, and what
// each broker and the database take, beside the broker's own load tool. Answers are checked. Exit status 1 when a case
// fails, 2 for wrong arguments. `./dev bench cluster` sets XTRADER_KAFKA_HOME and --perf-test.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/cluster/broker_cases.h"
#include "bench/cluster/order_cases.h"
#include "bench/cluster/store_case.h"
#include "bench/support/machine.h"
#include "libs/base/status.h"

namespace xt::bench {
namespace {

struct Options {
  bool json = false;
  std::int64_t seconds = 10;
  std::uint64_t seed = 1;
  std::vector<std::string> only;
  std::string perf_test;
};

class Run {
 public:
  explicit Run(const Options& options) : options_(options) {}

  void Case(const std::string& name, const std::function<absl::StatusOr<CaseResult>()>& run) {
    if (Wanted(name)) Measure(name, run);
  }

  void Measure(const std::string& name, const std::function<absl::StatusOr<CaseResult>()>& run) {
    std::fprintf(stderr, "%s ...\n", name.c_str());
    auto result = run();
    if (result.ok()) {
      results_.push_back(*std::move(result));
      return;
    }
    std::fprintf(stderr, "%s: %s\n", name.c_str(), std::string(MessageOf(result.status())).c_str());
    all_right_ = false;
  }

  [[nodiscard]] bool IsNamed(const std::string& name) const {
    return std::ranges::find(options_.only, name) != options_.only.end();
  }
  [[nodiscard]] bool Wanted(const std::string& name) const { return options_.only.empty() || IsNamed(name); }
  [[nodiscard]] bool WantsOrders() const {
    return std::ranges::any_of(kOrderCases, [this](const char* name) { return Wanted(name); });
  }

  void Orders() {
    test::Cluster cluster(XT_BINARY_DIR "/bin", "");
    if (const std::string error = cluster.Up(); !error.empty()) return Fail("the cluster did not start: " + error);
    const auto market = MarketOf(cluster);
    if (!market.ok()) return Fail(market.status().ToString());
    OrderLoad load{.seconds = options_.seconds, .seed = options_.seed};
    Case("orders-1", [&] { return BenchOrders("orders-1", cluster, *market, load); });
    load.in_flight = 512;
    std::int64_t sustained = 0;
    Case("orders-512", [&] {
      auto result = BenchOrders("orders-512", cluster, *market, load);
      if (result.ok()) sustained = result->figures.front().second;
      return result;
    });
    load.per_second = sustained / 2;
    if (sustained > 1) Case("orders-half", [&] { return BenchOrders("orders-half", cluster, *market, load); });
    load.in_flight = 8'192;
    load.per_second = 10'000;
    Case("batches-10k", [&] { return BenchBatches("batches-10k", cluster, *market, load); });
    load.per_second = 0;
    Case("batches-8192", [&] { return BenchBatches("batches-8192", cluster, *market, load); });
  }

  // A cluster for each mode, one after the other.
  void Durability() {
    constexpr char kWithStandbys[] = "local+redis+standbys";
    for (const std::string mode : {"memory", "redis", "local+redis", "local", "always", kWithStandbys}) {
      if (!IsNamed("durability") && !IsNamed("durability-" + mode)) continue;
      test::Cluster cluster(XT_BINARY_DIR "/bin", mode == kWithStandbys ? "sequencer=2" : "", mode);
      if (const std::string error = cluster.Up(); !error.empty()) return Fail("the cluster did not start: " + error);
      const auto market = MarketOf(cluster);
      if (!market.ok()) return Fail(market.status().ToString());
      for (const std::size_t in_flight : {1, 256}) {
        const OrderLoad load{.seconds = options_.seconds, .seed = options_.seed, .in_flight = in_flight};
        const std::string name = "durability-" + mode + "-" + std::to_string(in_flight);
        Measure(name, [&] { return BenchBatches(name, cluster, *market, load); });
      }
    }
  }

  void Servers() {
    const BrokerLoad load{.seconds = options_.seconds};
    BrokerLoad large = load;
    large.per_call = 5'000;
    Case("redis-256", [&] { return BenchRedis("redis-256", load); });
    Case("kafka-256", [&] { return BenchKafka("kafka-256", load); });
    Case("kafka-5000", [&] { return BenchKafka("kafka-5000", large); });
    Case("rabbitmq-256", [&] { return BenchRabbitMq("rabbitmq-256", load, options_.perf_test); });
    Case("postgres-fills", [&] { return BenchStore("postgres-fills", Rows::kFills, options_.seconds); });
    Case("postgres-complete", [&] { return BenchStore("postgres-complete", Rows::kComplete, options_.seconds); });
  }

  int Print() const {
    options_.json ? PrintJson() : PrintTable();
    return all_right_ && !results_.empty() ? 0 : 1;
  }

 private:
  static constexpr const char* kOrderCases[] = {"orders-1", "orders-512", "orders-half", "batches-10k", "batches-8192"};

  void Fail(const std::string& error) {
    std::fprintf(stderr, "%s\n", error.c_str());
    all_right_ = false;
  }

  void PrintTable() const {
    for (const CaseResult& result : results_) {
      std::printf("%-26s", result.name.c_str());
      for (const auto& [name, value] : result.figures)
        std::printf(" %s=%lld", name.c_str(), static_cast<long long>(value));
      std::printf("\n");
    }
  }

  void PrintJson() const {
    nlohmann::ordered_json out{
        {"bench", "cluster"}, {"machine", Machine()}, {"date", Date()}, {"results", nlohmann::ordered_json::array()}};
    for (const CaseResult& result : results_) {
      nlohmann::ordered_json one{{"case", result.name}};
      for (const auto& [name, value] : result.figures) one[name] = value;
      out["results"].push_back(one);
    }
    std::printf("%s\n", out.dump().c_str());
  }

  const Options& options_;
  std::vector<CaseResult> results_;
  bool all_right_ = true;
};

}  // namespace
}  // namespace xt::bench

int main(int argc, char** argv) {
  xt::bench::Options options;
  CLI::App app("Orders per second through a cluster, and what its brokers take.");
  app.add_flag("--json", options.json, "one JSON object instead of a table");
  app.add_option("--seconds", options.seconds, "of each case")->check(CLI::Range(1, 3'600));
  app.add_option("--seed", options.seed, "of the orders");
  app.add_option(
      "--case", options.only,
      "only these; orders-half needs orders-512; durability, when it is named: each mode of the journal, 1 and 256 "
      "commands in flight, each in a cluster of its own");
  app.add_option("--perf-test", options.perf_test, "folder of the jars of RabbitMQ's PerfTest");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : 2;
  }
  xt::bench::Run run(options);
  run.Servers();
  if (run.WantsOrders()) run.Orders();
  run.Durability();
  return run.Print();
}
