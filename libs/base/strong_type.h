// StrongInt: an integer that does not mix with other integers. `struct PriceTag; using Price = StrongInt<PriceTag>;`
// Arithmetic is offered between values of the same type only; everything else goes through value(). Overflow is the
// caller's to exclude, as with the plain integer.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>

namespace xt {

template <typename Tag, typename Rep = std::int64_t>
class StrongInt {
 public:
  using rep = Rep;

  constexpr StrongInt() = default;
  constexpr explicit StrongInt(Rep value) : value_(value) {}

  [[nodiscard]] constexpr Rep value() const { return value_; }

  friend constexpr auto operator<=>(StrongInt, StrongInt) = default;

  friend constexpr StrongInt operator+(StrongInt a, StrongInt b) {
    return StrongInt(static_cast<Rep>(a.value_ + b.value_));
  }
  friend constexpr StrongInt operator-(StrongInt a, StrongInt b) {
    return StrongInt(static_cast<Rep>(a.value_ - b.value_));
  }
  constexpr StrongInt operator-() const requires std::is_signed_v<Rep> { return StrongInt(static_cast<Rep>(-value_)); }
  constexpr StrongInt& operator+=(StrongInt other) { return *this = *this + other; }
  constexpr StrongInt& operator-=(StrongInt other) { return *this = *this - other; }
  constexpr StrongInt& operator++() {
    ++value_;
    return *this;
  }

  template <typename H>
  friend H AbslHashValue(H h, StrongInt v) {
    return H::combine(std::move(h), v.value_);
  }

 private:
  Rep value_ = 0;
};

}  // namespace xt

template <typename Tag, typename Rep>
struct std::hash<xt::StrongInt<Tag, Rep>> {
  std::size_t operator()(xt::StrongInt<Tag, Rep> v) const noexcept { return std::hash<Rep>{}(v.value()); }
};
