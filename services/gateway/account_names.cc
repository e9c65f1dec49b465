#include "services/gateway/account_names.h"

#include <vector>

#include "libs/base/status.h"

namespace xt::gateway {

absl::StatusOr<std::string> AccountNames::Get(domain::AccountId account, domain::SequenceNumber at_least) {
  if (auto name = Find(account)) return *std::move(name);
  XT_ASSIGN_OR_RETURN(const std::vector<ports::AccountRow> rows, history_.ListAccounts(at_least));
  {
    std::lock_guard lock(mutex_);
    for (const ports::AccountRow& row : rows) names_.try_emplace(row.id, row.name.view());
  }
  if (auto name = Find(account)) return *std::move(name);
  return absl::NotFoundError("no such account");
}

std::optional<std::string> AccountNames::Find(domain::AccountId account) {
  std::lock_guard lock(mutex_);
  const auto it = names_.find(account);
  return it == names_.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace xt::gateway
