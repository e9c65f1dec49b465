// What is configured for accounts as protobuf messages and back, with the rules of command_proto.h. The self-trade
// prevention may be unspecified: it then means the default. Pure functions, thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "libs/domain/account.h"
#include "libs/wire/proto_fwd.h"

namespace xt::wire {

void ToProto(const domain::AccountSettings& settings, xtrader::v1::AccountSettings& out);
void ToProto(const domain::FeeTier& tier, xtrader::v1::FeeTier& out);

absl::StatusOr<domain::AccountSettings> FromProto(const xtrader::v1::AccountSettings& settings);
absl::StatusOr<domain::FeeTier> FromProto(const xtrader::v1::FeeTier& tier);

}  // namespace xt::wire
