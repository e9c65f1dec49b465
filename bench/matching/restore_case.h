// How long the state of an exchange with a million open orders takes to be saved and to be restored. Every order has a
// client order id; one in eight is an iceberg, a GTD order, a stop or one of a group. The restored engine must have the
// same digest.
#pragma once

#include <cstdint>
#include <string_view>

namespace xt::bench {

inline constexpr std::string_view kRestoreCase = "restore-1M";

struct RestoreResult {
  std::uint64_t open_orders = 0;
  std::uint64_t bytes = 0;
  std::int64_t save_ms = 0;  // the best of the rounds, as restore_ms
  std::int64_t restore_ms = 0;
  bool right = false;
};

RestoreResult RunRestore(int rounds);

}  // namespace xt::bench
