// ZeroedArray: a fixed number of zero-initialised elements whose memory the system commits only when it is touched, so
// that a table can be as large as its configured capacity and never has to move. Elements start at a cache line. Owns
// its memory; not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <type_traits>

#include "libs/base/check.h"
#include "libs/base/huge_pages.h"

namespace xt::matching {

template <typename T>
class ZeroedArray {
  static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
  static constexpr std::size_t kAlignment = 64;
  static constexpr std::size_t kHuge = std::size_t{8} << 20;  // what is smaller than this stays in small pages

 public:
  explicit ZeroedArray(std::size_t size) : size_(size), memory_(std::calloc(1, size * sizeof(T) + kAlignment)) {
    XT_CHECK(memory_ != nullptr, "out of memory");
    void* aligned = memory_.get();
    std::size_t room = size * sizeof(T) + kAlignment;
    XT_CHECK(std::align(kAlignment, size * sizeof(T), aligned, room) != nullptr);
    data_ = static_cast<T*>(aligned);
    if (size * sizeof(T) >= kHuge) PreferHugePages(memory_.get(), size * sizeof(T));
  }

  [[nodiscard]] T& operator[](std::size_t index) { return data_[index]; }
  [[nodiscard]] const T& operator[](std::size_t index) const { return data_[index]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] T* data() { return data_; }
  [[nodiscard]] const T* data() const { return data_; }

 private:
  struct FreeMemory {
    void operator()(void* memory) const { std::free(memory); }
  };
  std::size_t size_;
  std::unique_ptr<void, FreeMemory> memory_;
  T* data_ = nullptr;
};

}  // namespace xt::matching
