#include "libs/base/hash.h"

#define XXH_STATIC_LINKING_ONLY  // the state on the stack, for chaining
#include <xxhash.h>
#include <zlib.h>

#include <bit>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"

namespace xt {
namespace {

static_assert(std::endian::native == std::endian::little, "the formats on disk are written for little-endian machines");

std::uint64_t Swap(std::uint64_t v) { return __builtin_bswap64(v); }

}  // namespace

std::string Hash128::ToBytes() const {
  std::string bytes(16, '\0');
  const std::uint64_t words[2] = {Swap(high), Swap(low)};
  std::memcpy(bytes.data(), words, sizeof(words));
  return bytes;
}

absl::StatusOr<Hash128> Hash128::FromBytes(std::string_view bytes) {
  if (bytes.size() != 16) return absl::InvalidArgumentError("a 128-bit hash has 16 bytes");
  std::uint64_t words[2];
  std::memcpy(words, bytes.data(), sizeof(words));
  return Hash128{Swap(words[0]), Swap(words[1])};
}

std::string Hash128::ToHex() const { return absl::BytesToHexString(ToBytes()); }

Hash128 HashBytes(std::string_view bytes) {
  const XXH128_hash_t h = XXH3_128bits(bytes.data(), bytes.size());
  return {h.high64, h.low64};
}

Hash128 ChainHash(Hash128 previous, std::string_view bytes) {
  XXH3_state_t state;
  XXH3_128bits_reset(&state);
  const std::string head = previous.ToBytes();
  XXH3_128bits_update(&state, head.data(), head.size());
  XXH3_128bits_update(&state, bytes.data(), bytes.size());
  const XXH128_hash_t h = XXH3_128bits_digest(&state);
  return {h.high64, h.low64};
}

std::uint32_t Crc32(std::string_view bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace xt
