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

}  // namespace xt::wire
