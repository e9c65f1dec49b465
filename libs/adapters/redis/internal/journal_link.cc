#include "libs/adapters/redis/internal/journal_link.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/journal_scripts.h"
#include "libs/base/random_id.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

constexpr int kInitAttempts = 3;
constexpr int kGenerationBits = 20;
constexpr std::uint64_t kMaxEpoch = (std::uint64_t{1} << (63 - kGenerationBits)) - 1;

std::uint64_t TokenOf(ports::FencingToken token) {
  return (token.epoch.value() << kGenerationBits) + token.connection_generation;
}

absl::Status Translate(const absl::Status& status) {
  if (MessageOf(status).starts_with("DAMAGED")) return absl::DataLossError(std::string(MessageOf(status)));
  return status;
}

absl::StatusOr<Hash128> ParseHash(std::string_view text, const std::string& key) {
  const auto hash = Hash128::FromBytes(absl::HexStringToBytes(std::string(text)));
  if (!hash.ok()) return absl::DataLossError(absl::StrCat(key, " has no hash"));
  return *hash;
}

}  // namespace

absl::StatusOr<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) {
    return absl::DataLossError(absl::StrCat("not a number: ", std::string(text)));
  }
  return number;
}

absl::StatusOr<ports::JournalBase> ParseBase(const std::string& key, std::string_view sequence, std::string_view hash,
                                             std::string_view epoch) {
  ports::JournalBase base;
  XT_ASSIGN_OR_RETURN(const std::uint64_t number, ParseNumber(sequence));
  base.sequence = domain::SequenceNumber(number);
  XT_ASSIGN_OR_RETURN(base.hash, ParseHash(hash, key));
  XT_ASSIGN_OR_RETURN(const std::uint64_t of_epoch, ParseNumber(epoch));
  base.epoch = domain::Epoch(of_epoch);
  return base;
}

JournalLink::JournalLink(RedisConfig config, JournalKeys keys)
    : keys_(std::move(keys)), connection_(std::move(config)) {}

absl::StatusOr<JournalEnd> JournalLink::Connect(ports::FencingToken token, const RestartCheck& on_restart,
                                                bool needs_fsync_always) {
  if (token.epoch.value() > kMaxEpoch || token.connection_generation >> kGenerationBits != 0) {
    return absl::InvalidArgumentError("an epoch of 2^43 or a generation of 2^20 and more");
  }
  connection_.Drop();
  if (needs_fsync_always) XT_RETURN_IF_ERROR(CheckFsyncAlways());
  XT_ASSIGN_OR_RETURN(const std::string run_id, ReadRunId());
  if (!run_id_.empty() && run_id != run_id_) XT_RETURN_IF_ERROR(on_restart(run_id));
  absl::StatusOr<JournalEnd> end;
  for (int attempt = 0; attempt < kInitAttempts; ++attempt) {
    XT_ASSIGN_OR_RETURN(const std::uint64_t next, NextToken(token));
    end = Init(token, next);
    // A late init of an earlier connection of ours may have come in between. A higher epoch is refused by NextToken.
    if (!absl::IsFailedPrecondition(end.status())) break;
  }
  return end;
}

absl::StatusOr<std::string> JournalLink::ReadRunId() {
  XT_ASSIGN_OR_RETURN(const Reply info, connection_.Run({"INFO", "server"}));
  constexpr std::string_view kName = "run_id:";
  const std::string_view text = Text(*info);
  const std::size_t at = text.find(kName);
  if (at == std::string_view::npos) return absl::UnavailableError("INFO tells no run_id");
  return std::string(text.substr(at + kName.size(), 40));
}

// What was written before this was asked is on the disk with the next write.
absl::Status JournalLink::CheckFsyncAlways() {
  for (const auto& [name, wanted] : {std::pair("appendonly", "yes"), std::pair("appendfsync", "always")}) {
    XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Run({"CONFIG", "GET", name}));
    const auto parts = Elements(*reply);
    const std::string value(parts.size() == 2 ? Text(*parts[1]) : "unknown");
    if (value == wanted) continue;
    return absl::FailedPreconditionError(absl::StrCat("the journal's Redis has ", name, " ", value, ", not ", wanted));
  }
  return absl::OkStatus();
}

// Above every token of this epoch that Redis has seen: this leader's earlier connections, no other's.
absl::StatusOr<std::uint64_t> JournalLink::NextToken(ports::FencingToken token) {
  XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Run({"HGET", keys_.end, "tok"}));
  if (IsNil(*reply)) return TokenOf(token);
  XT_ASSIGN_OR_RETURN(const std::uint64_t seen, ParseNumber(Text(*reply)));
  const std::uint64_t next = std::max(TokenOf(token), seen + 1);
  if (next >> kGenerationBits == token.epoch.value()) return next;
  return absl::FailedPreconditionError(absl::StrCat("FENCED: the journal has seen the token ", seen, " of epoch ",
                                                    seen >> kGenerationBits, ", this is epoch ", token.epoch.value()));
}

absl::StatusOr<JournalEnd> JournalLink::Init(ports::FencingToken token, std::uint64_t next) {
  XT_RETURN_IF_ERROR(connection_.Load(scripts::kAppend));
  token_ = absl::StrCat(next);
  auto reply =
      connection_.Eval(scripts::kInit, {keys_.stream, keys_.end}, {token_, absl::StrCat(TokenOf(token)), RandomId()});
  if (!reply.ok()) return Translate(reply.status());
  const auto parts = Elements(**reply);
  if (parts.size() != 7) return absl::DataLossError(absl::StrCat("no reply of our script from ", keys_.end));
  if (!uuid_.empty() && uuid_ != Text(*parts[1])) {
    return absl::DataLossError(absl::StrCat("another journal than before is in ", keys_.stream, ": it was wiped"));
  }
  run_id_ = std::string(Text(*parts[0]));
  uuid_ = std::string(Text(*parts[1]));
  JournalEnd end;
  XT_ASSIGN_OR_RETURN(const std::uint64_t sequence, ParseNumber(Text(*parts[2])));
  end.sequence = domain::SequenceNumber(sequence);
  XT_ASSIGN_OR_RETURN(end.hash, ParseHash(Text(*parts[3]), keys_.end));
  XT_ASSIGN_OR_RETURN(base_, ParseBase(keys_.end, Text(*parts[4]), Text(*parts[5]), Text(*parts[6])));
  return end;
}

absl::StatusOr<std::string> JournalLink::SetAside(ports::FencingToken token) {
  connection_.Drop();
  XT_ASSIGN_OR_RETURN(const Reply reply, connection_.Eval(scripts::kSetAside, {keys_.stream, keys_.end},
                                                          {absl::StrCat(TokenOf(token)), RandomId()}));
  uuid_.clear();
  return std::string(Text(*reply));
}

void JournalLink::Queue(const JournalEnd& previous, const ports::JournalRecord& record) {
  connection_.QueueEval(
      scripts::kAppend, {keys_.stream, keys_.end},
      {token_, absl::StrCat(previous.sequence.value()), previous.hash.ToHex(),
       absl::StrCat(record.last_sequence.value()), record.hash.ToHex(), absl::StrCat(record.epoch.value()),
       absl::StrCat(record.first_sequence.value()), record.bytes});
}

absl::Status JournalLink::Receive() { return Translate(connection_.Receive().status()); }

absl::Status JournalLink::CutTail(const JournalEnd& keep) {
  return Translate(connection_
                       .Eval(scripts::kCutTail, {keys_.stream, keys_.end},
                             {token_, absl::StrCat(keep.sequence.value()), keep.hash.ToHex()})
                       .status());
}

absl::Status JournalLink::BeginAt(const ports::JournalBase& base) {
  XT_RETURN_IF_ERROR(Translate(
      connection_
          .Eval(scripts::kBeginAt, {keys_.stream, keys_.end},
                {token_, absl::StrCat(base.sequence.value()), base.hash.ToHex(), absl::StrCat(base.epoch.value())})
          .status()));
  base_ = base;
  return absl::OkStatus();
}

}  // namespace xt::redis
