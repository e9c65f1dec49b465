// How often this process has asked for memory through operator new, which the program that links this replaces. Arrays of
// a fixed capacity (ZeroedArray) are not counted: they are made before anything is timed. Thread-safe.
#pragma once

#include <cstdint>

namespace xt::bench {

[[nodiscard]] std::uint64_t Allocations();

}  // namespace xt::bench
