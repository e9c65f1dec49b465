// `xtraderctl replay`: the exchange as it stood at a command or a time, made of the journal alone.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "libs/domain/ids.h"
#include "tools/xtraderctl/journal/journal_source.h"
#include "tools/xtraderctl/journal/until.h"

namespace xt::ctl {

struct ReplayOptions {
  Until until;
  std::optional<domain::OrderId> order;      // one order's life instead of the state
  std::optional<domain::AccountId> account;  // only this account
  bool json = false;
};

// What is to be printed. FAILED_PRECONDITION, saying which copy begins where, when the journal does not begin with
// the first command; NOT_FOUND when there is no such order or account, else as Player.
absl::StatusOr<std::string> Replay(JournalSource& source, const ReplayOptions& options);

}  // namespace xt::ctl
