// XT_CHECK: an invariant that stays on in release builds. A broken one prints where and what, and aborts: the journal
// is intact, and a restart from it is safer than going on with state that is known to be wrong. It is never used for
// input, configuration or I/O errors; those have a Status or a reject reason.
#pragma once

#include <string_view>

namespace xt {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, std::string_view detail);

}  // namespace xt

// XT_CHECK(condition) or XT_CHECK(condition, "what it means"). Thread-safe.
#define XT_CHECK(condition, ...)                                                          \
  do {                                                                                    \
    if (!(condition)) [[unlikely]]                                                        \
      ::xt::CheckFailed(__FILE__, __LINE__, #condition, ::std::string_view{__VA_ARGS__}); \
  } while (false)
