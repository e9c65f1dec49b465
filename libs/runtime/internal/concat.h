// Concat: text from strings, views and integers. (The packaged abseil has a string_view of its own, which does not mix
// with the standard one, so absl::StrCat does not take ours.)
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace xt::runtime::internal {

inline void AppendOne(std::string& out, std::string_view text) { out.append(text); }
inline void AppendOne(std::string& out, const char* text) { out.append(text); }
template <std::integral T>
requires(!std::same_as<T, bool> && !std::same_as<T, char>) void AppendOne(std::string& out, T number) {
  out.append(std::to_string(number));
}

template <typename... Parts>
void Append(std::string& out, const Parts&... parts) {
  (AppendOne(out, parts), ...);
}

template <typename... Parts>
[[nodiscard]] std::string Concat(const Parts&... parts) {
  std::string out;
  Append(out, parts...);
  return out;
}

}  // namespace xt::runtime::internal
