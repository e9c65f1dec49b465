// FixedString: a short text stored in place, so that commands and events are flat and trivially copyable. Longer input is
// refused by From, never cut.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace xt::domain {

template <std::size_t N>
class FixedString {
  static_assert(N < 256);

 public:
  static constexpr std::size_t kCapacity = N;

  constexpr FixedString() = default;

  static constexpr std::optional<FixedString> From(std::string_view text) {
    if (text.size() > N) return std::nullopt;
    FixedString result;
    std::copy(text.begin(), text.end(), result.data_.begin());
    result.size_ = static_cast<std::uint8_t>(text.size());
    return result;
  }

  [[nodiscard]] constexpr std::string_view view() const { return {data_.data(), size_}; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }

  friend constexpr bool operator==(const FixedString&, const FixedString&) = default;
  friend constexpr auto operator<=>(const FixedString& a, const FixedString& b) { return a.view() <=> b.view(); }

  template <typename H>
  friend H AbslHashValue(H h, const FixedString& s) {
    return H::combine(std::move(h), s.view());
  }

 private:
  // Bytes after size_ are always zero, so that equality and hashing of the whole object agree.
  std::array<char, N> data_{};
  std::uint8_t size_ = 0;
};

// The client's own name of an order: 1..36 characters of [A-Za-z0-9._:/-]. Unique per account for 24 h of journal time.
using ClientOrderId = FixedString<36>;
// "BTC", "KRW": 1..10 characters of [A-Z0-9].
using AssetCode = FixedString<10>;
// "BTC-KRW": base, '-', quote.
using SymbolCode = FixedString<21>;
// "demo-1": 1..32 characters of [A-Za-z0-9._-].
using AccountName = FixedString<32>;

}  // namespace xt::domain
