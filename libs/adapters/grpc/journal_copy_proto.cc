#include "libs/adapters/grpc/journal_copy_proto.h"

#include <string>
#include <utility>

#include "libs/base/status.h"
#include "xtrader/v1/journal_copy_service.pb.h"

namespace xt::grpc_clients {
namespace {

namespace pb = ::xtrader::v1;

// Empty where there is no record that it could be of.
absl::StatusOr<Hash128> ReadHash(const std::string& bytes) {
  if (bytes.empty()) return Hash128{};
  return Hash128::FromBytes(bytes);
}

}  // namespace

void ToProto(ports::JournalRecord record, pb::CopiedRecord& out) {
  out.set_epoch(record.epoch.value());
  out.set_first_sequence(record.first_sequence.value());
  out.set_last_sequence(record.last_sequence.value());
  out.set_previous_hash(record.previous_hash.ToBytes());
  out.set_hash(record.hash.ToBytes());
  out.set_frame(std::move(record.bytes));
}

void ToProto(const ports::JournalBase& base, pb::CopyBase& out) {
  out.set_sequence(base.sequence.value());
  out.set_hash(base.hash.ToBytes());
  out.set_epoch(base.epoch.value());
}

void ToProto(const ports::OpenReport& report, pb::CopyEnd& out) {
  out.set_last_sequence(report.last_sequence.value());
  out.set_last_hash(report.last_hash.ToBytes());
  out.set_last_epoch(report.last_epoch.value());
  out.set_records(report.records);
  out.set_torn_bytes_cut(report.torn_bytes_cut);
  out.set_detail(report.detail);
}

void ToProto(const ports::JournalDamage& damage, pb::CopyDamage& out) {
  out.set_first(damage.first.value());
  out.set_last(damage.last.value());
  out.set_place(damage.place);
  out.set_whole_from(damage.whole_from.value());
  ToProto(damage.end, *out.mutable_end());
}

void ToProto(const absl::Status& status, pb::CopyFailure& out) {
  out.set_code(status.raw_code());
  out.set_message(std::string(MessageOf(status)));
}

absl::StatusOr<ports::JournalRecord> FromProto(pb::CopiedRecord&& record) {
  ports::JournalRecord out;
  out.epoch = domain::Epoch(record.epoch());
  out.first_sequence = domain::SequenceNumber(record.first_sequence());
  out.last_sequence = domain::SequenceNumber(record.last_sequence());
  XT_ASSIGN_OR_RETURN(out.previous_hash, ReadHash(record.previous_hash()));
  XT_ASSIGN_OR_RETURN(out.hash, ReadHash(record.hash()));
  out.bytes = std::move(*record.mutable_frame());
  return out;
}

absl::StatusOr<ports::JournalBase> FromProto(const pb::CopyBase& base) {
  ports::JournalBase out{domain::SequenceNumber(base.sequence()), {}, domain::Epoch(base.epoch())};
  XT_ASSIGN_OR_RETURN(out.hash, ReadHash(base.hash()));
  return out;
}

absl::StatusOr<ports::OpenReport> FromProto(const pb::CopyEnd& end) {
  ports::OpenReport out;
  out.last_sequence = domain::SequenceNumber(end.last_sequence());
  XT_ASSIGN_OR_RETURN(out.last_hash, ReadHash(end.last_hash()));
  out.last_epoch = domain::Epoch(end.last_epoch());
  out.records = end.records();
  out.torn_bytes_cut = end.torn_bytes_cut();
  out.detail = end.detail();
  return out;
}

absl::StatusOr<ports::JournalDamage> FromProto(const pb::CopyDamage& damage) {
  ports::JournalDamage out;
  out.first = domain::SequenceNumber(damage.first());
  out.last = domain::SequenceNumber(damage.last());
  out.place = damage.place();
  out.whole_from = domain::SequenceNumber(damage.whole_from());
  XT_ASSIGN_OR_RETURN(out.end, FromProto(damage.end()));
  return out;
}

absl::Status FromProto(const pb::CopyFailure& failure) {
  const auto code = static_cast<absl::StatusCode>(failure.code());
  const bool known = code >= absl::StatusCode::kCancelled && code <= absl::StatusCode::kUnauthenticated;
  return absl::Status(known ? code : absl::StatusCode::kUnknown, failure.message());
}

}  // namespace xt::grpc_clients
