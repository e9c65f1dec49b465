// Reference data as protobuf messages and back. FromProto checks identifiers, codes and the known values of the status
// (UNSPECIFIED stays kUnspecified: a symbol that is to be defined has none yet). Pure functions, thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "libs/domain/account.h"
#include "libs/domain/symbol.h"
#include "libs/wire/proto_fwd.h"

namespace xt::wire {

void ToProto(const domain::Asset& asset, xtrader::v1::Asset& out);
void ToProto(const domain::Symbol& symbol, xtrader::v1::Symbol& out);
void ToProto(const domain::SymbolLimits& limits, xtrader::v1::SymbolLimits& out);

absl::StatusOr<domain::Asset> FromProto(const xtrader::v1::Asset& asset);
absl::StatusOr<domain::Symbol> FromProto(const xtrader::v1::Symbol& symbol);
absl::StatusOr<domain::SymbolLimits> FromProto(const xtrader::v1::SymbolLimits& limits);

}  // namespace xt::wire
