// The entry of libFuzzer; XT_FUZZ_TARGET names the function of targets.h.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string wrong = xt::fuzz::XT_FUZZ_TARGET({data, size});
  if (wrong.empty()) return 0;
  std::fprintf(stderr, "WRONG: %s\n", wrong.c_str());
  std::abort();
}
