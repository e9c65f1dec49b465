#include "libs/base/strong_type.h"

#include <gtest/gtest.h>

#include <type_traits>
#include <unordered_set>

namespace xt {
namespace {

using Apples = StrongInt<struct ApplesTag>;
using Pears = StrongInt<struct PearsTag>;

TEST(StrongIntTest, ComparesAndAddsWithinOneType) {
  EXPECT_EQ(Apples(2) + Apples(3), Apples(5));
  EXPECT_LT(Apples(2), Apples(3));
  EXPECT_EQ(-Apples(2), Apples(-2));
}

TEST(StrongIntTest, DoesNotMixWithOtherTypes) {
  static_assert(!std::is_convertible_v<Apples, Pears>);
  static_assert(!std::is_convertible_v<std::int64_t, Apples>);
  static_assert(!std::is_convertible_v<Apples, std::int64_t>);
  static_assert(sizeof(Apples) == sizeof(std::int64_t));
}

TEST(StrongIntTest, Hashes) {
  std::unordered_set<Apples> set{Apples(1), Apples(1), Apples(2)};
  EXPECT_EQ(set.size(), 2u);
}

}  // namespace
}  // namespace xt
