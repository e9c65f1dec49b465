// The books of the accounts under load: what they hold together must be, but for the fees they paid, what they held before.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/support/signed_client.h"

namespace xt::bench {

// By asset, in units of 10^-8.
using Holdings = std::map<std::string, std::int64_t>;

// Available and locked of all accounts.
absl::StatusOr<Holdings> HoldingsOf(const std::string& rest, const std::vector<test::Credentials>& accounts);
// The fees of all fills of all accounts.
absl::StatusOr<Holdings> FeesOf(const std::string& rest, const std::vector<test::Credentials>& accounts);
// OK when `after` and the fees make `before`.
absl::Status CompareBooks(const Holdings& before, const Holdings& after, const Holdings& fees);

}  // namespace xt::bench
