// Whether the proofs of the engine would notice: each known mistake (services/matching/core/planted_bugs.h) is planted in
// it, and the comparison with the naive engine must find it within a stated number of commands. Besides, the engine's own
// invariants are checked after every command; they see only what breaks the state, so what they catch is shown, not
// required. docs/matching.md has the table that this test prints.
#include "services/matching/core/planted_bugs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "services/matching/core/engine.h"
#include "tests/scenarios/naive_comparison.h"
#include "tests/scenarios/random_commands.h"

namespace xt::scenarios {
namespace {

using matching::Bug;

constexpr int kCommandsPerStream = 25'000;
constexpr int kStreams = 8;  // within so many streams each mistake must be found
constexpr int kInvariantCommands = 20'000;

struct Planting {
  Bug bug;
  const char* name;
  const char* mistake;
};

constexpr Planting kPlantings[] = {
    {Bug::kSkipSelfTradePrevention, "SkipSelfTradePrevention", "own orders trade with each other in every mode"},
    {Bug::kLoseFeeDust, "LoseFeeDust", "a buyer's fee reaches the fee account one unit short"},
    {Bug::kRefillIcebergAtFront, "RefillIcebergAtFront", "an iceberg's next slice keeps its place in the queue"},
    {Bug::kPartlyFillFok, "PartlyFillFok", "a FOK order takes what there is"},
    {Bug::kNewestMakerFirst, "NewestMakerFirst", "a resting order goes to the head of its level"},
    {Bug::kStopFiresTwice, "StopFiresTwice", "a triggered stop executes its quantity twice"},
    {Bug::kStopCascadeOnce, "StopCascadeOnce", "the trades of a triggered stop trigger nothing"},
    {Bug::kForgetRelease, "ForgetRelease", "what an ended taker did not use stays locked"},
    {Bug::kReleaseTwice, "ReleaseTwice", "an order that traded is released twice when it is cancelled"},
    {Bug::kTradeAtTakersPrice, "TradeAtTakersPrice", "trades are made at the incoming order's price"},
    {Bug::kIgnoreExpireTime, "IgnoreExpireTime", "GTD orders stay"},
    {Bug::kAmendLosesPriority, "AmendLosesPriority", "an amended order goes to the back of its level"},
    {Bug::kReserveWraps, "ReserveWraps", "price x quantity is not checked for overflow"},
    {Bug::kPostOnlyTrades, "PostOnlyTrades", "a LIMIT_MAKER that crosses is taken"},
    {Bug::kForgetClientIdEarly, "ForgetClientIdEarly", "client order ids are kept for 23 h"},
    {Bug::kBandTripsLate, "BandTripsLate", "the price band ends one tick too far"},
    {Bug::kChangeBeforeCheck, "ChangeBeforeCheck", "a symbol's limits change before they are checked"},
    {Bug::kCancelAllForgetsStops, "CancelAllForgetsStops", "mass cancels leave waiting stops"},
    {Bug::kRangeForgetsFirstTrade, "RangeForgetsFirstTrade", "only an order's last trade triggers stops"},
    {Bug::kFeeRoundsDown, "FeeRoundsDown", "fees are rounded in the customer's favour"},
};
static_assert(std::size(kPlantings) == static_cast<std::size_t>(Bug::kLast) - 1);

class PlantedBugsTest : public testing::TestWithParam<Planting> {
 protected:
  void SetUp() override { matching::planted_bug = Bug::kNone; }
  void TearDown() override { matching::planted_bug = Bug::kNone; }
};

// Small tables in some streams, as in naive_engine_test.
ComparisonConfig ConfigOf(std::uint64_t seed) {
  ComparisonConfig config;
  config.seed = seed;
  config.limits.max_orders = 10'000;
  config.limits.max_client_ids = 50'000;
  config.limits.max_countdowns = 1'000;
  if (seed % 3 == 1) config.limits.max_orders = 60;
  if (seed % 3 == 2) {
    config.limits.max_client_ids = 600;
    config.jump_one_in = 1'500;
  }
  return config;
}

// What is compared first after a command is said first; see Comparison::Step.
std::string CaughtBy(std::string_view difference) {
  constexpr std::pair<std::string_view, std::string_view> kSigns[] = {
      {"balance changes that do not add up", "told balances"},
      {"a negative balance", "told balances"},
      {"a level is told twice", "told levels"},
      {"a count of orders that does not fit", "told levels"},
      {"events are equal, then", "events"},
      {"was created or destroyed", "conservation"},
      {"the events do not tell the book", "told levels"},
      {"the book of symbol", "books"},
      {"the next due time", "due time"},
      {": engine ", "balances"},
  };
  if (const auto at = difference.find("broken: "); at != std::string_view::npos) {
    const std::string_view text = difference.substr(at + 8);
    return "invariant: " + std::string(text.substr(0, text.find(':')));
  }
  for (const auto& [sign, what] : kSigns) {
    if (difference.find(sign) != std::string_view::npos) return std::string(what);
  }
  return std::string(difference);
}

struct Caught {
  std::string by;  // empty: not caught
  std::int64_t commands = 0;
};

std::int64_t SequenceIn(std::string_view difference) {
  constexpr std::string_view kMark = ", sequence ";
  const auto at = difference.find(kMark);
  return at == std::string_view::npos ? 0 : std::atoll(difference.data() + at + kMark.size());
}

Caught CatchByComparison() {
  Caught caught;
  for (std::uint64_t seed = 1; seed <= kStreams; ++seed) {
    Comparison comparison(ConfigOf(seed));
    const std::string difference = comparison.Run(kCommandsPerStream);
    if (!difference.empty()) return {CaughtBy(difference), caught.commands + SequenceIn(difference)};
    caught.commands += kCommandsPerStream;
  }
  return caught;
}

Caught CatchByInvariants() {
  matching::EngineConfig config;
  config.max_orders = 10'000;
  config.max_client_ids = 50'000;
  config.max_level_pages = 256;
  config.max_accounts = 100;
  matching::Engine engine(config);
  RandomCommands source(3, 8'000);
  std::int64_t now_ns = 1'700'000'000'000'000'000;
  std::uint64_t sequence = 0;
  const auto apply = [&](const domain::Command& command) {
    const auto events = engine.Apply(domain::SequenceNumber(++sequence), now_ns, command);
    source.Observe({events.begin(), events.end()});
    const std::string broken = engine.CheckInvariants();
    return broken.substr(0, broken.find(':'));
  };
  for (const domain::Command& command : source.Setup()) apply(command);
  for (int i = 0; i < kInvariantCommands; ++i) {
    now_ns += source.DrawStepNs();
    if (std::string broken = apply(source.Draw(now_ns)); !broken.empty()) {
      return {std::move(broken), static_cast<std::int64_t>(sequence)};
    }
  }
  return {};
}

TEST_P(PlantedBugsTest, IsCaught) {
  matching::planted_bug = GetParam().bug;
  const Caught comparison = CatchByComparison();
  const Caught invariants = CatchByInvariants();
  matching::planted_bug = Bug::kNone;
  ASSERT_FALSE(comparison.by.empty()) << GetParam().mistake << ": not found within " << comparison.commands
                                      << " commands";
  std::printf("| %s | %s | %s | %lld | ", GetParam().name, GetParam().mistake, comparison.by.c_str(),
              static_cast<long long>(comparison.commands));
  if (invariants.by.empty()) {
    std::printf("- |\n");
  } else {
    std::printf("%s, %lld |\n", invariants.by.c_str(), static_cast<long long>(invariants.commands));
  }
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBugsTest, testing::ValuesIn(kPlantings),
                         [](const auto& param_info) { return std::string(param_info.param.name); });

// Else the tests above would prove nothing.
TEST(NothingPlantedTest, NothingIsFound) {
  const Caught comparison = CatchByComparison();
  EXPECT_EQ(comparison.by, "");
  const Caught invariants = CatchByInvariants();
  EXPECT_EQ(invariants.by, "");
}

}  // namespace
}  // namespace xt::scenarios
