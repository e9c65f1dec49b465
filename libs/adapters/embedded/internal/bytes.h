// Integers in byte strings, little-endian as everything on disk here. The caller checks bounds. Pure.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <string>
#include <string_view>

namespace xt::embedded {

static_assert(std::endian::native == std::endian::little);

template <std::unsigned_integral T>
void PutInt(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

template <std::unsigned_integral T>
T GetInt(std::string_view bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(value));
  return value;
}

}  // namespace xt::embedded
