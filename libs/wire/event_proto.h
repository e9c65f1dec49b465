// Events as protobuf messages and back, with the rules of command_proto.h: ToProto overwrites, FromProto checks and
// names the field. Pure functions, thread-safe.
#pragma once

#include "absl/status/statusor.h"
#include "libs/domain/event.h"
#include "libs/wire/proto_fwd.h"

namespace xt::wire {

void ToProto(const domain::Event& event, xtrader::v1::Event& out);
void ToProto(const domain::ExecutionReport& report, xtrader::v1::ExecutionReport& out);
void ToProto(const domain::Trade& trade, xtrader::v1::Trade& out);
void ToProto(const domain::BookChange& change, xtrader::v1::BookChange& out);
void ToProto(const domain::BalanceChange& change, xtrader::v1::BalanceChange& out);
void ToProto(const domain::AccountCreated& created, xtrader::v1::AccountCreated& out);
void ToProto(const domain::CommandRejected& rejected, xtrader::v1::CommandRejected& out);
void ToProto(const domain::EpochStarted& started, xtrader::v1::EpochStarted& out);
void ToProto(const domain::RiskDecision& decision, xtrader::v1::RiskDecision& out);
void ToProto(const domain::OrdersCanceled& canceled, xtrader::v1::OrdersCanceled& out);
void ToProto(const domain::CountdownChanged& changed, xtrader::v1::CountdownChanged& out);
void ToProto(const domain::AccountChanged& changed, xtrader::v1::AccountChanged& out);
void ToProto(const domain::SymbolLimitsChanged& changed, xtrader::v1::SymbolLimitsChanged& out);
void ToProto(const domain::Ticked& ticked, xtrader::v1::Ticked& out);
void ToProto(const domain::CommandResult& result, xtrader::v1::EventBatch& out);

absl::StatusOr<domain::Event> FromProto(const xtrader::v1::Event& event);
absl::StatusOr<domain::ExecutionReport> FromProto(const xtrader::v1::ExecutionReport& report);
absl::StatusOr<domain::Trade> FromProto(const xtrader::v1::Trade& trade);
absl::StatusOr<domain::BookChange> FromProto(const xtrader::v1::BookChange& change);
absl::StatusOr<domain::BalanceChange> FromProto(const xtrader::v1::BalanceChange& change);
absl::StatusOr<domain::AccountCreated> FromProto(const xtrader::v1::AccountCreated& created);
absl::StatusOr<domain::CommandRejected> FromProto(const xtrader::v1::CommandRejected& rejected);
absl::StatusOr<domain::EpochStarted> FromProto(const xtrader::v1::EpochStarted& started);
absl::StatusOr<domain::RiskDecision> FromProto(const xtrader::v1::RiskDecision& decision);
absl::StatusOr<domain::OrdersCanceled> FromProto(const xtrader::v1::OrdersCanceled& canceled);
absl::StatusOr<domain::CountdownChanged> FromProto(const xtrader::v1::CountdownChanged& changed);
absl::StatusOr<domain::AccountChanged> FromProto(const xtrader::v1::AccountChanged& changed);
absl::StatusOr<domain::SymbolLimitsChanged> FromProto(const xtrader::v1::SymbolLimitsChanged& changed);
absl::StatusOr<domain::Ticked> FromProto(const xtrader::v1::Ticked& ticked);
absl::StatusOr<domain::CommandResult> FromProto(const xtrader::v1::EventBatch& batch);

}  // namespace xt::wire
