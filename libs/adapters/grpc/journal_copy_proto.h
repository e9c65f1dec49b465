// Records, ends and errors of a ports::JournalCopy as the messages of xtrader.v1.JournalCopyService, both ways. Used by
// the service of the sequencer that stands by and by the leader's client here. A frame's bytes pass as they are.
// FromProto checks the length of hashes, INVALID_ARGUMENT. Pure functions, thread-safe.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/ports/journal_copy.h"

namespace xtrader::v1 {
class CopiedRecord;
class CopyBase;
class CopyDamage;
class CopyEnd;
class CopyFailure;
}  // namespace xtrader::v1

namespace xt::grpc_clients {

void ToProto(ports::JournalRecord record, xtrader::v1::CopiedRecord& out);
void ToProto(const ports::JournalBase& base, xtrader::v1::CopyBase& out);
void ToProto(const ports::OpenReport& report, xtrader::v1::CopyEnd& out);
void ToProto(const ports::JournalDamage& damage, xtrader::v1::CopyDamage& out);
// Code and message.
void ToProto(const absl::Status& status, xtrader::v1::CopyFailure& out);

// Takes the frame out of the message.
absl::StatusOr<ports::JournalRecord> FromProto(xtrader::v1::CopiedRecord&& record);
absl::StatusOr<ports::JournalBase> FromProto(const xtrader::v1::CopyBase& base);
absl::StatusOr<ports::OpenReport> FromProto(const xtrader::v1::CopyEnd& end);
absl::StatusOr<ports::JournalDamage> FromProto(const xtrader::v1::CopyDamage& damage);
// The same code and message; UNKNOWN for a code that is none. Never OK.
absl::Status FromProto(const xtrader::v1::CopyFailure& failure);

}  // namespace xt::grpc_clients
