// What writing and reading a snapshot have in common: magic, version and length of the body, the body, and the hash of all
// that. docs/matching.md has the format. The magic names what it is, the version changes with the body.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "libs/domain/ids.h"

namespace xt::matching {

inline constexpr std::string_view kSnapshotMagic = "XTSTATE\n";
inline constexpr std::uint64_t kSnapshotVersion = 1;
inline constexpr std::size_t kSnapshotHashBytes = 16;
inline constexpr std::size_t kSnapshotPrologBytes = kSnapshotMagic.size() + 2 * sizeof(std::uint64_t);

static_assert(std::endian::native == std::endian::little, "a snapshot is written as the words lie in memory");

inline domain::AssetId AssetAt(std::size_t index) { return domain::AssetId(static_cast<std::uint16_t>(index)); }
inline domain::AccountId AccountAt(std::size_t index) { return domain::AccountId(static_cast<std::uint32_t>(index)); }

}  // namespace xt::matching
