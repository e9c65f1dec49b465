// Helpers over absl::Status. A Status is an error that the caller must handle (I/O, a peer, a configuration); a
// business refusal of an order is a domain::RejectReason instead.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace xt {

// The packaged Abseil has a string_view of its own, which does not convert. Valid as long as the status.
inline std::string_view MessageOf(const absl::Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace xt

#define XT_STATUS_CONCAT_INNER(a, b) a##b
#define XT_STATUS_CONCAT(a, b) XT_STATUS_CONCAT_INNER(a, b)

// Returns from the calling function when `expression` is not OK.
#define XT_RETURN_IF_ERROR(expression)                                              \
  do {                                                                              \
    if (::absl::Status xt_status = (expression); !xt_status.ok()) return xt_status; \
  } while (false)

// XT_ASSIGN_OR_RETURN(auto value, FunctionReturningStatusOr());
#define XT_ASSIGN_OR_RETURN(declaration, expression) \
  XT_ASSIGN_OR_RETURN_INNER(XT_STATUS_CONCAT(xt_status_or_, __LINE__), declaration, expression)
#define XT_ASSIGN_OR_RETURN_INNER(result, declaration, expression) \
  auto result = (expression);                                      \
  if (!result.ok()) return std::move(result).status();             \
  declaration = *std::move(result)
