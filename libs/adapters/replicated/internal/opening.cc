#include "libs/adapters/replicated/internal/opening.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/adapters/replicated/internal/damaged_copy.h"
#include "libs/base/status.h"

namespace xt::replicated {

using ports::JournalCopy;
using ports::OpenReport;

namespace {

constexpr char kRemoteName[] = "remote";

// What passes, so that the other copy may go on without this one.
bool IsAway(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsResourceExhausted(status); }

}  // namespace

InSyncMembers::Names MembersOf(Confirmation confirmation, const JournalCopy& own,
                               const std::vector<const JournalCopy*>& others) {
  InSyncMembers::Names names;
  if (confirmation == Confirmation::kNobody) names.emplace_back(kNothingSure);
  if (confirmation != Confirmation::kRemote || others.empty()) names.push_back(own.Identity());
  for (const JournalCopy* const other : others) names.push_back(other->Identity());
  return names;
}

absl::StatusOr<OpenReport> BeginAnew(JournalCopy& copy, const std::string& name, ports::FencingToken token,
                                     const JournalCopy& own, const ReplicatedJournalOptions& options) {
  const ports::JournalDamage damage = copy.Damage();
  XT_ASSIGN_OR_RETURN(OpenReport report, copy.OpenAnew(token));
  options.on_repair({name, ports::RangeOf(damage), damage.place, own.Identity(), report.detail});
  return report;
}

absl::StatusOr<Opened> Opening::Run(ports::FencingToken token) {
  token_ = token;
  auto own = own_.Open(token);
  if (!own.ok() && !absl::IsDataLoss(own.status())) return own.status();
  auto remote = remote_->Open(token);
  const bool remote_damaged = absl::IsDataLoss(remote.status());
  if (!remote.ok() && !remote_damaged) XT_RETURN_IF_ERROR(Away(remote.status()));
  XT_RETURN_IF_ERROR(members_.Claim(token.epoch));
  if (!members_.mark()) XT_RETURN_IF_ERROR(CheckSure());
  if (!own.ok()) own = RepairOwn(own.status(), remote.status());
  XT_RETURN_IF_ERROR(own.status());
  const absl::Status trusted = CheckTrust();
  if (!trusted.ok()) XT_RETURN_IF_ERROR(BeginUnclean(trusted, *own, remote));
  const bool unsure = members_.Has(kNothingSure);
  if (remote_damaged) {
    XT_RETURN_IF_ERROR(CompleteOwn(remote.status(), *own));
    remote = BeginRemoteAnew();
    if (!remote.ok()) XT_RETURN_IF_ERROR(Away(remote.status()));
  }
  const bool may_wait = options_.min_copies > 1 && options_.standbys.empty();
  if (remote.ok() && trusted.ok() && !may_wait && IsFarBehind(*remote, *own)) {
    remote =
        absl::UnavailableError(absl::StrCat("it lacks ", own->last_sequence.value() - remote->last_sequence.value(),
                                            " commands, and is filled up meanwhile"));
    remote_.reset();
  }
  XT_ASSIGN_OR_RETURN(OpenReport report, Adopt(*own, remote.ok() ? &*remote : nullptr));
  XT_ASSIGN_OR_RETURN(const bool unmarked, Register());
  if (!trusted.ok()) absl::StrAppend(&report.detail, "; unclean: ", std::string(MessageOf(trusted)));
  if (unmarked && trusted.ok()) {
    absl::StrAppend(&report.detail, "; removed the mark of an unclean leader, not needed");
  }
  if (unsure) absl::StrAppend(&report.detail, "; the leader before promised nothing: its last commands may be lost");
  if (remote_ == nullptr) absl::StrAppend(&report.detail, "; without the remote copy: ", remote.status().ToString());
  return Opened{std::move(report), std::move(remote_), remote.status(), remote_repairs_};
}

// Goes on without the remote copy, if that is what it may do.
absl::Status Opening::Away(const absl::Status& why) {
  remote_.reset();
  if (!IsAway(why)) return why;
  if (options_.min_copies < 2 || !options_.standbys.empty()) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("two copies are wanted, the remote one is away: ", why.ToString()));
}

absl::Status Opening::CheckSure() const {
  if (!members_.Has(kNothingSure) || promises_nothing()) return absl::OkStatus();
  return absl::UnavailableError(
      "the leader before promised nothing and did not end in order: what it confirmed last may be in no copy");
}

// A copy that is no member may lack what was confirmed: one that is must be there.
absl::Status Opening::CheckTrust() const {
  XT_RETURN_IF_ERROR(CheckSure());
  if (members_.possible().empty()) {
    return remote_ != nullptr ? absl::OkStatus()
                              : absl::UnavailableError("a new journal begins with both copies, the remote one is away");
  }
  if (members_.Has(own_) || (remote_ != nullptr && members_.Has(*remote_))) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat(
      "no copy can be reached that surely holds all that was confirmed: ", own_.Identity(),
      " is no member of the in-sync set, the remote copy is ", remote_ != nullptr ? remote_->Identity() : "away"));
}

// What is lost is written down before anything is changed. A damaged copy is not made anew from one that is not
// trusted: it may be the one that has what the other lacks.
absl::Status Opening::BeginUnclean(const absl::Status& why, const OpenReport& own,
                                   const absl::StatusOr<OpenReport>& remote) {
  if (!members_.mark()) return why;
  if (absl::IsDataLoss(remote.status())) {
    return absl::DataLossError(absl::StrCat("the remote copy is damaged, and the own one, ", own_.Identity(),
                                            ", is not trusted: ", std::string(MessageOf(remote.status()))));
  }
  if (!remote.ok() && options_.min_copies > 1) {
    return absl::UnavailableError(absl::StrCat("an unclean leader begins with ", options_.min_copies,
                                               " copies, the remote one is away: ", remote.status().ToString()));
  }
  if (remote.ok()) XT_RETURN_IF_ERROR(CheckEnds(own, *remote));
  const OpenReport& taken = remote.ok() && IsHigher(*remote, own) ? *remote : own;
  UncleanStart start{*members_.mark(), token_.epoch, {}, taken.last_sequence, taken.last_epoch, taken.last_hash};
  for (const std::string& member : members_.possible()) {
    const bool reached = own_.Is(member) || (remote_ != nullptr && remote_->Is(member));
    if (member != kNothingSure && !reached) start.missing.push_back(member);
  }
  XT_RETURN_IF_ERROR(options_.on_unclean_start(start));
  ++counters_.unclean_starts;
  return absl::OkStatus();
}

// `remote` is what its Open answered.
absl::StatusOr<OpenReport> Opening::RepairOwn(const absl::Status& damaged, const absl::Status& remote) {
  const auto refuse = [&](const std::string& why) {
    return absl::DataLossError(
        absl::StrCat("the own copy is damaged and cannot be repaired: ", std::string(MessageOf(damaged)), "; ", why));
  };
  if (remote_ == nullptr) return refuse(absl::StrCat("the remote copy is away: ", remote.ToString()));
  const ports::JournalDamage damage = own_.Damage();
  auto repaired = own_.Mend(token_, *remote_);
  if (absl::IsDataLoss(repaired.status())) {
    const std::string why(MessageOf(repaired.status()));
    if (!remote.ok())
      return refuse(absl::StrCat(why, "; the remote copy is damaged, too: ", std::string(MessageOf(remote))));
    if (!members_.Has(*remote_)) {
      return refuse(absl::StrCat(why, "; ", remote_->Identity(), " is no member of the in-sync set"));
    }
    repaired = own_.OpenAnew(token_);
  }
  XT_RETURN_IF_ERROR(repaired.status());
  ++counters_.own_repairs;
  options_.on_repair({"own", ports::RangeOf(damage), damage.place, remote_->Identity(), repaired->detail});
  return repaired;
}

// Afterwards the own copy has everything and is the only member, whatever becomes of the damaged remote one.
absl::Status Opening::CompleteOwn(const absl::Status& damaged, OpenReport& own) {
  XT_ASSIGN_OR_RETURN(const TakenEnd taken, TakeEnd(*remote_, own_, own));
  counters_.Count(taken.equal);
  own = taken.end;
  if (!taken.whole && !members_.Has(own_)) {
    return absl::DataLossError(absl::StrCat(
        "the remote copy is damaged and cannot be repaired: ", std::string(MessageOf(damaged)), "; the own copy, ",
        own_.Identity(), " up to ", own.last_sequence.value(), ", has not everything either"));
  }
  return members_.Replace(MembersOf(options_.confirmation, own_, {}));
}

absl::StatusOr<OpenReport> Opening::BeginRemoteAnew() {
  XT_ASSIGN_OR_RETURN(OpenReport report, BeginAnew(*remote_, kRemoteName, token_, own_, options_));
  ++remote_repairs_;
  return report;
}

// Safe whatever the other copies are: each is a chain, and a leader writes its first frame only behind everything that
// was confirmed before it.
absl::StatusOr<OpenReport> Opening::Adopt(const OpenReport& own, const OpenReport* remote) {
  if (remote == nullptr) return own;
  XT_RETURN_IF_ERROR(CheckEnds(own, *remote));
  const bool from_remote = IsHigher(*remote, own);
  XT_ASSIGN_OR_RETURN(const EqualReport equal, from_remote ? MakeEqual(*remote_, own_) : MakeEqual(own_, *remote_));
  counters_.Count(equal);
  OpenReport report = from_remote ? *remote : own;
  report.torn_bytes_cut = own.torn_bytes_cut;
  const char* const other = from_remote ? "own" : "remote";
  report.detail =
      absl::StrCat(own.detail, own.detail.empty() ? "" : "; ", "adopted the ", from_remote ? "remote" : "own",
                   " copy up to ", report.last_sequence.value(), " of epoch ", report.last_epoch.value());
  if (equal.cut) absl::StrAppend(&report.detail, "; cut the ", other, " copy behind ", equal.common.value());
  if (equal.begun) absl::StrAppend(&report.detail, "; the ", other, " copy begins behind ", equal.common.value());
  if (equal.filled > 0) absl::StrAppend(&report.detail, "; the ", other, " copy lacked ", equal.filled, " records");
  return report;
}

// Where less is there than is wanted, nothing will be confirmed before a standby is there: until then the members before
// have everything, and stay. True: a mark that stood beside them is gone.
absl::StatusOr<bool> Opening::Register() {
  std::vector<const JournalCopy*> others;
  if (remote_ != nullptr) others.push_back(remote_.get());
  if (1 + others.size() < static_cast<std::size_t>(options_.min_copies)) return false;
  const InSyncMembers::Names names = MembersOf(options_.confirmation, own_, others);
  const bool marked = members_.mark().has_value();
  if (!members_.AreSurely(names) || marked) XT_RETURN_IF_ERROR(members_.Replace(names));
  return marked;
}

}  // namespace xt::replicated
