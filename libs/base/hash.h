// Digests and checksums of bytes. Hash128 (XXH3-128) chains journal frames and states; it detects damage and divergence
// but is no defence against an adversary. Crc32 (IEEE, zlib) guards records on disk. Pure functions, thread-safe.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace xt {

struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const Hash128&, const Hash128&) = default;

  // 16 bytes, big-endian: `high` first. FromBytes refuses any other length.
  [[nodiscard]] std::string ToBytes() const;
  static absl::StatusOr<Hash128> FromBytes(std::string_view bytes);
  // 32 lower-case hex digits.
  [[nodiscard]] std::string ToHex() const;
};

Hash128 HashBytes(std::string_view bytes);
// The hash of `previous` followed by `bytes`: the link of a chain.
Hash128 ChainHash(Hash128 previous, std::string_view bytes);

std::uint32_t Crc32(std::string_view bytes);

}  // namespace xt
