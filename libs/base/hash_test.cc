#include "libs/base/hash.h"

#include <gtest/gtest.h>

namespace xt {
namespace {

// Known answer from the CRC catalogue: CRC-32/ISO-HDLC of "123456789".
TEST(HashTest, Crc32MatchesTheCatalogue) { EXPECT_EQ(Crc32("123456789"), 0xCBF43926u); }

TEST(HashTest, EmptyInputMatchesTheReferenceOfXxh3) {
  EXPECT_EQ(HashBytes("").ToHex(), "99aa06d3014798d86001c324468d497f");
}

TEST(HashTest, ChainDependsOnBothParts) {
  const Hash128 a = HashBytes("a");
  EXPECT_NE(ChainHash(a, "x"), ChainHash(a, "y"));
  EXPECT_NE(ChainHash(a, "x"), ChainHash(HashBytes("b"), "x"));
  EXPECT_EQ(ChainHash(a, "x"), HashBytes(a.ToBytes() + "x"));
}

TEST(HashTest, BytesRoundTrip) {
  const Hash128 a = HashBytes("a");
  EXPECT_EQ(*Hash128::FromBytes(a.ToBytes()), a);
  EXPECT_FALSE(Hash128::FromBytes("short").ok());
}

}  // namespace
}  // namespace xt
