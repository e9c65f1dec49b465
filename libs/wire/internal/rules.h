// The rules of commands, events and reference data that hold wherever they travel: which enums must be set, which
// characters a text may have, which identifiers may not be 0. One overload of Check per type; the error names the
// field. Both directions use them, so that what is written can be read. Pure functions.
#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "libs/domain/symbol.h"
#include "libs/wire/fields.h"

namespace xt::wire::internal {

absl::Status Check(const domain::NewOrder& order);
absl::Status Check(const domain::CancelOrder& cancel);
absl::Status Check(const domain::DefineAsset& define);
absl::Status Check(const domain::DefineSymbol& define);
absl::Status Check(const domain::SetSymbolStatus& set);
absl::Status Check(const domain::CreateAccount& create);
absl::Status Check(const domain::Deposit& deposit);
absl::Status Check(const domain::Withdraw& withdraw);
absl::Status Check(const domain::EpochStart& start);
absl::Status Check(const domain::CancelAll& cancel);
absl::Status Check(const domain::CancelReplace& replace);
absl::Status Check(const domain::AmendOrder& amend);
absl::Status Check(const domain::SetCountdown& set);
absl::Status Check(const domain::Transfer& transfer);
absl::Status Check(const domain::SetAccountStatus& set);
absl::Status Check(const domain::ConfigureAccount& configure);
absl::Status Check(const domain::DefineFeeTier& define);
absl::Status Check(const domain::SetSymbolLimits& set);
absl::Status Check(const domain::Tick& tick);

absl::Status Check(const domain::Asset& asset);
absl::Status Check(const domain::Symbol& symbol);
absl::Status Check(const domain::AccountSettings& settings);
absl::Status Check(const domain::FeeTier& tier);

absl::Status Check(const domain::ExecutionReport& report);
absl::Status Check(const domain::Trade& trade);
absl::Status Check(const domain::BookChange& change);
absl::Status Check(const domain::BalanceChange& change);
absl::Status Check(const domain::AccountCreated& created);
absl::Status Check(const domain::CommandRejected& rejected);
absl::Status Check(const domain::EpochStarted& started);
absl::Status Check(const domain::RiskDecision& decision);
absl::Status Check(const domain::OrdersCanceled& canceled);

// Whether the number is a reason of the closed list (0 included).
bool IsKnownRejectReason(int value);

// The name of the alternative as in the .proto file: "new_order".
std::string_view FieldName(const domain::CommandBody& body);

// The value when its fields fitted and it keeps its rules, else the first error.
template <typename T>
absl::StatusOr<T> Checked(const FieldReader& reader, const T& value) {
  if (!reader.status().ok()) return reader.status();
  if (absl::Status status = Check(value); !status.ok()) return status;
  return value;
}

}  // namespace xt::wire::internal
