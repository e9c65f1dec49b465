// AccountNames: the names of accounts by id, asked from persistence once; an account never changes its name. Thread-safe.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "absl/status/statusor.h"
#include "libs/ports/history.h"

namespace xt::gateway {

class AccountNames {
 public:
  explicit AccountNames(ports::History& history) : history_(history) {}

  // May block. NOT_FOUND when persistence, as of `at_least`, knows no such account.
  absl::StatusOr<std::string> Get(domain::AccountId account, domain::SequenceNumber at_least);

 private:
  std::optional<std::string> Find(domain::AccountId account);

  ports::History& history_;
  std::mutex mutex_;
  std::unordered_map<domain::AccountId, std::string> names_;  // one per account of the exchange
};

}  // namespace xt::gateway
