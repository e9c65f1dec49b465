#include "libs/wire/fields.h"

#include <initializer_list>

namespace xt::wire {
namespace {

// The packaged abseil has a string_view of its own, so its StrCat does not take the standard one.
std::string Join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts) text += part;
  return text;
}

}  // namespace

absl::Status FieldError(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(Join({field, ": ", what}));
}

absl::Status InField(std::string_view outer, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::Status(status.code(), Join({outer, ".", std::string(status.message())}));
}

std::string Indexed(std::string_view name, std::size_t index) { return Join({name, "[", std::to_string(index), "]"}); }

absl::Status OutOfRange(std::string_view field) { return FieldError(field, "out of range"); }

absl::Status UnknownValue(std::string_view field, int value) {
  return FieldError(field, Join({std::to_string(value), " is not a known value"}));
}

absl::Status TooLong(std::string_view field, std::size_t size, std::size_t limit) {
  return FieldError(field,
                    Join({std::to_string(size), " characters, at most ", std::to_string(limit), " are allowed"}));
}

}  // namespace xt::wire
