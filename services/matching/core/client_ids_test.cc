#include "services/matching/core/client_ids.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <tuple>

namespace xt::matching {
namespace {

using Kind = ClientIds::Kind;

domain::ClientOrderId Id(const std::string& text) { return *domain::ClientOrderId::From(text); }

ClientIds::Entry MakeEntry(std::uint32_t account, const std::string& id, std::int64_t at_ns, bool open = false,
                           Kind kind = Kind::kOrder) {
  ClientIds::Entry entry{};
  entry.id = Id(id);
  entry.kind = kind;
  entry.open = open;
  entry.account = domain::AccountId(account);
  entry.registered_ns = at_ns;
  return entry;
}

TEST(ClientIdsTest, AnIdBelongsToItsAccountAndKind) {
  ClientIds ids(10, 100);
  const ClientIds::Ref ref = ids.Add(MakeEntry(1, "a", 0));
  EXPECT_EQ(ids.Find(domain::AccountId(1), Kind::kOrder, Id("a")), ref);
  EXPECT_EQ(ids.Find(domain::AccountId(2), Kind::kOrder, Id("a")), ClientIds::kNone);
  EXPECT_EQ(ids.Find(domain::AccountId(1), Kind::kTransfer, Id("a")), ClientIds::kNone);
  EXPECT_EQ(ids.Find(domain::AccountId(1), Kind::kOrder, Id("b")), ClientIds::kNone);
}

TEST(ClientIdsTest, IsKeptForTheRetentionAndNotLonger) {
  ClientIds ids(10, 100);
  ids.Add(MakeEntry(1, "a", 50));
  ids.ForgetOld(149);
  EXPECT_NE(ids.Find(domain::AccountId(1), Kind::kOrder, Id("a")), ClientIds::kNone);
  ids.ForgetOld(150);
  EXPECT_EQ(ids.Find(domain::AccountId(1), Kind::kOrder, Id("a")), ClientIds::kNone);
  EXPECT_EQ(ids.size(), 0u);
}

TEST(ClientIdsTest, IsKeptUntilItsOrderIsClosed) {
  ClientIds ids(10, 100);
  const ClientIds::Ref ref = ids.Add(MakeEntry(1, "a", 0, true));
  ids.ForgetOld(1'000);
  EXPECT_EQ(ids.Find(domain::AccountId(1), Kind::kOrder, Id("a")), ref);
  ids.OrderClosed(ref);
  EXPECT_EQ(ids.size(), 0u);
  EXPECT_EQ(ids[ref].id, Id("a"));  // the command that closed it may still tell it
  ids.ForgetOld(1'000);
  EXPECT_EQ(ids.Find(domain::AccountId(1), Kind::kOrder, Id("a")), ClientIds::kNone);
}

TEST(ClientIdsTest, AnEarlyCloseDoesNotForget) {
  ClientIds ids(10, 100);
  const ClientIds::Ref ref = ids.Add(MakeEntry(1, "a", 0, true));
  ids.OrderClosed(ref);
  ids.ForgetOld(99);
  EXPECT_EQ(ids.Find(domain::AccountId(1), Kind::kOrder, Id("a")), ref);
}

TEST(ClientIdsTest, IsFullAtItsCapacityUntilOneIsForgotten) {
  ClientIds ids(2, 100);
  ids.Add(MakeEntry(1, "a", 0));
  EXPECT_FALSE(ids.full());
  ids.Add(MakeEntry(1, "b", 10));
  EXPECT_TRUE(ids.full());
  ids.ForgetOld(100);
  EXPECT_FALSE(ids.full());
  ids.Add(MakeEntry(1, "c", 100));
  EXPECT_NE(ids.Find(domain::AccountId(1), Kind::kOrder, Id("b")), ClientIds::kNone);
}

TEST(ClientIdsTest, ABoundedNumberIsForgottenPerCall) {
  ClientIds ids(1'000, 100);
  for (int i = 0; i < 1'000; ++i) ids.Add(MakeEntry(1, "a" + std::to_string(i), 0));
  ids.ForgetOld(100);
  EXPECT_EQ(ids.size(), 936u);
  for (int i = 0; i < 15; ++i) ids.ForgetOld(100);
  EXPECT_EQ(ids.size(), 0u);
}

TEST(ClientIdsTest, ARandomHistoryFindsWhatAMapFinds) {
  constexpr std::int64_t kRetention = 700;
  ClientIds ids(1'000, kRetention);
  std::map<std::tuple<std::uint32_t, std::string>, std::int64_t> expected;
  std::uint64_t state = 3;
  for (std::int64_t now = 0; now < 50'000; ++now) {
    ids.ForgetOld(now);
    std::erase_if(expected, [&](const auto& item) { return now - item.second >= kRetention; });
    state = state * 6364136223846793005u + 1442695040888963407u;
    const auto account = static_cast<std::uint32_t>(state >> 33) % 5;
    const std::string id = "order-" + std::to_string((state >> 40) % 400);
    const bool known = ids.Find(domain::AccountId(account), Kind::kOrder, Id(id)) != ClientIds::kNone;
    ASSERT_EQ(known, expected.contains({account, id})) << now;
    if (known || ids.full()) continue;
    ids.Add(MakeEntry(account, id, now));
    expected[{account, id}] = now;
  }
  EXPECT_EQ(ids.size(), expected.size());
}

}  // namespace
}  // namespace xt::matching
