// A hint to the system to back a large array with huge pages, so that random accesses to it miss the TLB less often. Memory
// is still committed only when it is touched, but then in pieces of up to two megabytes. Thread-safe.
#pragma once

#include <cstddef>

namespace xt {

// Does nothing where the system knows no such thing.
void PreferHugePages(void* memory, std::size_t bytes);

}  // namespace xt
