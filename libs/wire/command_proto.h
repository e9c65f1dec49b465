// Commands as protobuf messages and back. ToProto overwrites `out`; it never fails. FromProto checks what frame_codec.h
// says about commands; INVALID_ARGUMENT names the field as in the .proto file ("new_order.client_order_id"). Including
// this file needs no generated header; calling its functions does. Pure functions, thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "libs/domain/command.h"
#include "libs/wire/proto_fwd.h"

namespace xt::wire {

void ToProto(const domain::Command& command, xtrader::v1::Command& out);
void ToProto(const domain::NewOrder& order, xtrader::v1::NewOrder& out);
void ToProto(const domain::CancelOrder& cancel, xtrader::v1::CancelOrder& out);
void ToProto(const domain::DefineAsset& define, xtrader::v1::DefineAsset& out);
void ToProto(const domain::DefineSymbol& define, xtrader::v1::DefineSymbol& out);
void ToProto(const domain::SetSymbolStatus& set, xtrader::v1::SetSymbolStatus& out);
void ToProto(const domain::CreateAccount& create, xtrader::v1::CreateAccount& out);
void ToProto(const domain::Deposit& deposit, xtrader::v1::Deposit& out);
void ToProto(const domain::Withdraw& withdraw, xtrader::v1::Withdraw& out);
void ToProto(const domain::EpochStart& start, xtrader::v1::EpochStart& out);
void ToProto(const domain::CancelAll& cancel, xtrader::v1::CancelAll& out);
void ToProto(const domain::CancelReplace& replace, xtrader::v1::CancelReplace& out);
void ToProto(const domain::AmendOrder& amend, xtrader::v1::AmendOrder& out);
void ToProto(const domain::SetCountdown& set, xtrader::v1::SetCountdown& out);
void ToProto(const domain::Transfer& transfer, xtrader::v1::Transfer& out);
void ToProto(const domain::SetAccountStatus& set, xtrader::v1::SetAccountStatus& out);
void ToProto(const domain::ConfigureAccount& configure, xtrader::v1::ConfigureAccount& out);
void ToProto(const domain::DefineFeeTier& define, xtrader::v1::DefineFeeTier& out);
void ToProto(const domain::SetSymbolLimits& set, xtrader::v1::SetSymbolLimits& out);
void ToProto(const domain::Tick& tick, xtrader::v1::Tick& out);

absl::StatusOr<domain::Command> FromProto(const xtrader::v1::Command& command);
absl::StatusOr<domain::NewOrder> FromProto(const xtrader::v1::NewOrder& order);
absl::StatusOr<domain::CancelOrder> FromProto(const xtrader::v1::CancelOrder& cancel);
absl::StatusOr<domain::DefineAsset> FromProto(const xtrader::v1::DefineAsset& define);
absl::StatusOr<domain::DefineSymbol> FromProto(const xtrader::v1::DefineSymbol& define);
absl::StatusOr<domain::SetSymbolStatus> FromProto(const xtrader::v1::SetSymbolStatus& set);
absl::StatusOr<domain::CreateAccount> FromProto(const xtrader::v1::CreateAccount& create);
absl::StatusOr<domain::Deposit> FromProto(const xtrader::v1::Deposit& deposit);
absl::StatusOr<domain::Withdraw> FromProto(const xtrader::v1::Withdraw& withdraw);
absl::StatusOr<domain::EpochStart> FromProto(const xtrader::v1::EpochStart& start);
absl::StatusOr<domain::CancelAll> FromProto(const xtrader::v1::CancelAll& cancel);
absl::StatusOr<domain::CancelReplace> FromProto(const xtrader::v1::CancelReplace& replace);
absl::StatusOr<domain::AmendOrder> FromProto(const xtrader::v1::AmendOrder& amend);
absl::StatusOr<domain::SetCountdown> FromProto(const xtrader::v1::SetCountdown& set);
absl::StatusOr<domain::Transfer> FromProto(const xtrader::v1::Transfer& transfer);
absl::StatusOr<domain::SetAccountStatus> FromProto(const xtrader::v1::SetAccountStatus& set);
absl::StatusOr<domain::ConfigureAccount> FromProto(const xtrader::v1::ConfigureAccount& configure);
absl::StatusOr<domain::DefineFeeTier> FromProto(const xtrader::v1::DefineFeeTier& define);
absl::StatusOr<domain::SetSymbolLimits> FromProto(const xtrader::v1::SetSymbolLimits& set);
absl::StatusOr<domain::Tick> FromProto(const xtrader::v1::Tick& tick);

}  // namespace xt::wire
