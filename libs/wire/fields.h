// FieldReader: takes the fields of a message into a domain type and remembers the first that does not fit. FieldError
// and InField make the errors of this library: INVALID_ARGUMENT "commands[2].new_order.side: 9 is not a known value".
// Not thread-safe; a local helper.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/base/strong_type.h"
#include "libs/domain/fixed_string.h"

namespace xt::wire {

absl::Status FieldError(std::string_view field, std::string_view what);
// The same error, one message further out.
absl::Status InField(std::string_view outer, const absl::Status& status);
std::string Indexed(std::string_view name, std::size_t index);

absl::Status OutOfRange(std::string_view field);
absl::Status UnknownValue(std::string_view field, int value);
absl::Status TooLong(std::string_view field, std::size_t size, std::size_t limit);

class FieldReader {
 public:
  // A strong or plain integer that is narrower than the field.
  template <typename Raw, typename Tag, typename Rep>
  FieldReader& Integer(std::string_view field, Raw raw, StrongInt<Tag, Rep>& out) {
    if (std::in_range<Rep>(raw)) {
      out = StrongInt<Tag, Rep>(static_cast<Rep>(raw));
    } else {
      Fail(OutOfRange(field));
    }
    return *this;
  }

  // 0..last; whether 0 is allowed is a rule of the whole value.
  template <typename Enum>
  FieldReader& Value(std::string_view field, int raw, Enum last, Enum& out) {
    if (raw >= 0 && raw <= static_cast<int>(last)) {
      out = static_cast<Enum>(raw);
    } else {
      Fail(UnknownValue(field, raw));
    }
    return *this;
  }

  template <std::size_t N>
  FieldReader& Text(std::string_view field, std::string_view raw, domain::FixedString<N>& out) {
    if (const auto text = domain::FixedString<N>::From(raw)) {
      out = *text;
    } else {
      Fail(TooLong(field, raw.size(), N));
    }
    return *this;
  }

  [[nodiscard]] const absl::Status& status() const { return status_; }

 private:
  void Fail(absl::Status status) {
    if (status_.ok()) status_ = std::move(status);
  }

  absl::Status status_;
};

}  // namespace xt::wire
