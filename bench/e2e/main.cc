// bench-e2e [--json] [--seconds N] [--case NAME] [--seed N]: orders per second and the time from client to answer, through the
// real exchange with its journal on, by REST and by gRPC. Each case has an exchange of its own, and its answers are
// checked. Exit status 1 when one is wrong, 2 for wrong arguments.
#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "bench/e2e/books.h"
#include "bench/e2e/grpc_driver.h"
#include "bench/e2e/rest_driver.h"
#include "bench/support/machine.h"
#include "libs/base/status.h"
#include "tests/support/standalone.h"

namespace xt::bench {
namespace {

constexpr std::int64_t kWarmUpNs = 1'000'000'000;

enum class Protocol { kRest, kGrpc };

struct Case {
  std::string_view name;
  Protocol protocol;
  std::size_t parallel;  // connections or requests in flight
};

constexpr Case kCases[] = {{"rest-1", Protocol::kRest, 1},
                           {"rest-16", Protocol::kRest, 16},
                           {"grpc-1", Protocol::kGrpc, 1},
                           {"grpc-64", Protocol::kGrpc, 64}};

struct Options {
  bool json = false;
  std::int64_t seconds = 5;
  std::int64_t seed = 1;
  std::string only;
};

struct CaseResult {
  std::string name;
  std::int64_t orders_per_s = 0;
  std::int64_t p50_us = 0;
  std::int64_t p99_us = 0;
  std::int64_t p999_us = 0;
  std::uint64_t orders = 0;
  std::uint64_t refused = 0;
};

absl::StatusOr<Market> ReadMarket(const test::Standalone& exchange) {
  test::SignedClient client(exchange.rest());
  XT_ASSIGN_OR_RETURN(const test::Answer symbols, client.Get("/v1/symbols"));
  if (symbols.status != 200) return absl::InternalError("no symbols: " + symbols.body.dump());
  return MakeMarket(symbols.body, "ETH-USDT", "2000", "0.1");
}

Recorder Drive(const Case& c, const test::Standalone& exchange, const std::vector<test::Credentials>& accounts,
               const Market& market, const Options& options) {
  const auto seed = static_cast<std::uint64_t>(options.seed);
  const std::int64_t start_ns = NowNs() + kWarmUpNs;
  const Window window{start_ns, start_ns + options.seconds * 1'000'000'000};
  if (c.protocol == Protocol::kGrpc)
    return DriveGrpc({.address = exchange.grpc(), .account = accounts[0], .in_flight = c.parallel, .seed = seed},
                     market, window);
  return DriveRest({test::PortOf(exchange.rest()), accounts, c.parallel, seed}, market, window);
}

absl::StatusOr<CaseResult> RunOn(const Case& c, const test::Standalone& exchange, const Options& options) {
  const std::vector<test::Credentials> accounts{exchange.account(0), exchange.account(1)};
  XT_ASSIGN_OR_RETURN(const Market market, ReadMarket(exchange));
  XT_ASSIGN_OR_RETURN(const Holdings before, HoldingsOf(exchange.rest(), accounts));
  Recorder recorder = Drive(c, exchange, accounts, market, options);
  if (!recorder.error().empty()) return absl::InternalError(recorder.error());
  if (!recorder.OrderIdsAreUnique()) return absl::InternalError("two orders have the same id");
  XT_ASSIGN_OR_RETURN(const Holdings after, HoldingsOf(exchange.rest(), accounts));
  XT_ASSIGN_OR_RETURN(const Holdings fees, FeesOf(exchange.rest(), accounts));
  if (fees.empty()) return absl::InternalError("nothing was traded");
  XT_RETURN_IF_ERROR(CompareBooks(before, after, fees));
  return CaseResult{.name = std::string(c.name),
                    .orders_per_s = static_cast<std::int64_t>(recorder.answered()) / options.seconds,
                    .p50_us = recorder.PercentileNs(500) / 1'000,
                    .p99_us = recorder.PercentileNs(990) / 1'000,
                    .p999_us = recorder.PercentileNs(999) / 1'000,
                    .orders = recorder.answered(),
                    .refused = recorder.refused()};
}

absl::StatusOr<CaseResult> RunCase(const Case& c, const Options& options) {
  test::Standalone exchange;
  if (!exchange.Start()) return absl::UnavailableError("the exchange did not start: " + exchange.output());
  auto result = RunOn(c, exchange, options);
  const auto status = exchange.Terminate();
  if (result.ok() && status != 0) return absl::InternalError("the exchange did not end well: " + exchange.output());
  return result;
}

void PrintTable(const std::vector<CaseResult>& results) {
  std::printf("%-10s %10s %9s %9s %9s %10s %8s\n", "case", "orders/s", "p50 us", "p99 us", "p99.9 us", "orders",
              "refused");
  for (const CaseResult& r : results) {
    std::printf("%-10s %10" PRId64 " %9" PRId64 " %9" PRId64 " %9" PRId64 " %10" PRIu64 " %8" PRIu64 "\n",
                r.name.c_str(), r.orders_per_s, r.p50_us, r.p99_us, r.p999_us, r.orders, r.refused);
  }
}

void PrintJson(const std::vector<CaseResult>& results) {
  std::printf(R"({"bench":"e2e","machine":"%s","date":"%s","results":[)", Machine().c_str(), Date().c_str());
  const char* separator = "";
  for (const CaseResult& r : results) {
    std::printf(R"(%s{"case":"%s","orders_per_s":%)" PRId64 R"(,"p50_us":%)" PRId64 R"(,"p99_us":%)" PRId64
                R"(,"p999_us":%)" PRId64 R"(,"orders":%)" PRIu64 R"(,"refused":%)" PRIu64 "}",
                separator, r.name.c_str(), r.orders_per_s, r.p50_us, r.p99_us, r.p999_us, r.orders, r.refused);
    separator = ",";
  }
  std::printf("]}\n");
}

bool ParseNumber(std::string_view text, std::int64_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= 1 && out <= 3'600;
}

bool Parse(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    const std::string_view value = i + 1 < argc ? argv[i + 1] : "";
    if (argument == "--json") {
      options.json = true;
      continue;
    }
    ++i;
    if (argument == "--seconds" && ParseNumber(value, options.seconds)) continue;
    if (argument == "--seed" && ParseNumber(value, options.seed)) continue;
    if (argument != "--case" || value.empty()) return false;
    options.only = value;
  }
  return options.only.empty() || std::ranges::find(kCases, options.only, &Case::name) != std::end(kCases);
}

int Run(const Options& options) {
  std::vector<CaseResult> results;
  bool all_right = true;
  for (const Case& c : kCases) {
    if (!options.only.empty() && c.name != options.only) continue;
    std::fprintf(stderr, "%s ...\n", std::string(c.name).c_str());
    const auto result = RunCase(c, options);
    if (result.ok()) {
      results.push_back(*result);
    } else {
      std::fprintf(stderr, "%s: %s\n", std::string(c.name).c_str(), std::string(MessageOf(result.status())).c_str());
      all_right = false;
    }
  }
  options.json ? PrintJson(results) : PrintTable(results);
  return all_right ? 0 : 1;
}

}  // namespace
}  // namespace xt::bench

int main(int argc, char** argv) {
  xt::bench::Options options;
  if (!xt::bench::Parse(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: bench-e2e [--json] [--seconds 1..3600] [--case rest-1|rest-16|grpc-1|grpc-64] [--seed N]\n");
    return 2;
  }
  return xt::bench::Run(options);
}
