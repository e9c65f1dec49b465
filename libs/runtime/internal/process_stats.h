// What the kernel says about this process, read at scrape. Thread-safe; 0 when /proc cannot be read.
#pragma once

#include <cstdint>

namespace xt::runtime::internal {

std::uint64_t ProcessCpuNs();
std::int64_t ProcessResidentBytes();
std::int64_t ProcessOpenFds();
std::int64_t ProcessMaxFds();
std::int64_t ProcessThreads();
std::int64_t ProcessStartTimeNs();

}  // namespace xt::runtime::internal
