// Whether a status says that a journal refused a stale leader (ports/command_journal.h, FencingToken).
#pragma once

#include "absl/status/status.h"
#include "absl/strings/match.h"

namespace xt::ports {

inline bool IsFenced(const absl::Status& status) {
  return absl::IsFailedPrecondition(status) && absl::StrContains(status.message(), "FENCED");
}

}  // namespace xt::ports
