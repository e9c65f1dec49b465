#include "libs/base/huge_pages.h"

#include <sys/mman.h>

#include <cstdint>

namespace xt {

void PreferHugePages([[maybe_unused]] void* memory, [[maybe_unused]] std::size_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr std::uintptr_t kPage = 4'096;
  const std::uintptr_t skipped = (kPage - reinterpret_cast<std::uintptr_t>(memory) % kPage) % kPage;
  if (bytes < skipped + kPage) return;
  // It may fail, and then nothing is lost but speed.
  static_cast<void>(madvise(static_cast<char*>(memory) + skipped, (bytes - skipped) / kPage * kPage, MADV_HUGEPAGE));
#endif
}

}  // namespace xt
