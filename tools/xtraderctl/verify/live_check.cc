#include "tools/xtraderctl/verify/live_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/status.h"
#include "services/matching/snapshot_store.h"

namespace xt::ctl {
namespace {

absl::StatusOr<ReplicaAnswer> Ask(const std::string& address) {
  grpc_clients::ClientOptions options;
  options.addresses = {address};
  const auto queries = grpc_clients::ConnectMatchingQueries(options);
  ReplicaAnswer answer;
  answer.name = address;
  XT_ASSIGN_OR_RETURN(answer.digest, queries->GetStateDigest());
  const auto reference = queries->GetReferenceData();
  if (!reference.ok()) return answer;  // it is not fed
  for (const domain::Symbol& symbol : reference->symbols) {
    auto book = queries->GetBook(symbol.id, 0);
    if (book.ok()) answer.books.push_back(*std::move(book));
  }
  return answer;
}

}  // namespace

LiveAnswers AskReplicas(const std::vector<std::string>& addresses) {
  LiveAnswers answers;
  if (addresses.empty()) answers.failure = "no replica of matching is named";
  for (const std::string& address : addresses) {
    auto answer = Ask(address);
    if (answer.ok()) {
      answers.replicas.push_back(*std::move(answer));
    } else {
      answers.failure = absl::StrCat(address, " does not answer: ", answer.status().message());
    }
  }
  return answers;
}

void RestoreSnapshots(const std::vector<std::string>& folders, LiveAnswers& answers) {
  for (const std::string& folder : folders) {
    const auto store = matching::SnapshotStore::OpenToRead(folder);
    for (const domain::SequenceNumber sequence : store.List()) {
      const auto restored = store.Restore({}, sequence);
      if (restored.ok()) {
        answers.snapshots.push_back({store.FileOf(sequence), {sequence, restored->engine->Digest()}});
      } else if (std::ranges::count(store.List(), sequence) != 0 && answers.damage.empty()) {
        answers.damage = MessageOf(restored.status());
      }
    }
  }
}

void LiveCheck::Take(const Step& step) {
  last_ = step.sequence;
  for (const ReplicaAnswer& replica : answers_.replicas) Compare(step, replica);
  for (const SavedState& snapshot : answers_.snapshots) {
    if (Compare(step, snapshot.file, snapshot.digest)) ++compared_snapshots_;
  }
}

void LiveCheck::Compare(const Step& step, const ReplicaAnswer& replica) {
  for (const domain::BookSnapshot& book : replica.books) {
    if (book.sequence == step.sequence) Compare(step, replica, book);
  }
  if (Compare(step, replica.name, replica.digest)) ++compared_digests_;
}

bool LiveCheck::Compare(const Step& step, const std::string& name, const ports::StateDigest& digest) {
  if (digest.sequence != step.sequence) return false;
  const Hash128 journal = step.engine.Digest();
  if (digest.digest != journal) {
    digests_.Violate(absl::StrCat("sequence ", step.sequence.value(), ": ", name, " has another state (",
                                  digest.digest.ToHex(), ") than the journal gives (", journal.ToHex(), ")"));
  }
  return true;
}

void LiveCheck::Compare(const Step& step, const ReplicaAnswer& replica, const domain::BookSnapshot& book) {
  ++compared_books_;
  const bool known = step.engine.HasSymbol(book.symbol);
  const bool same = known && step.engine.Snapshot(book.symbol, 0) == book;
  if (same && (rules_.violated() || rules_.second().BookOf(book.symbol) == book)) return;
  books_.Violate(absl::StrCat("sequence ", step.sequence.value(), ": ", replica.name, " has another book of symbol ",
                              book.symbol.value(), " than the journal gives"));
}

void LiveCheck::ExpectBehind(const std::string& name, domain::SequenceNumber sequence) {
  if (sequence <= last_) return;
  digests_.Violate(
      absl::StrCat(name, " stands at sequence ", sequence.value(), ", but the journal ends at ", last_.value()));
}

void LiveCheck::CheckAnswers() {
  for (const ReplicaAnswer& replica : answers_.replicas) ExpectBehind(replica.name, replica.digest.sequence);
  for (const SavedState& snapshot : answers_.snapshots) ExpectBehind(snapshot.file, snapshot.digest.sequence);
  if (!answers_.damage.empty()) digests_.Violate(absl::StrCat("a snapshot cannot be restored: ", answers_.damage));
}

std::vector<Verdict> LiveCheck::FinishUnplayed(domain::SequenceNumber end, const std::string& why) {
  last_ = end;
  CheckAnswers();
  return {digests_.Unplayed(why), books_.Unplayed(why)};
}

std::vector<Verdict> LiveCheck::Finish() {
  std::size_t fed = 0;
  std::size_t told = 0;
  for (const ReplicaAnswer& replica : answers_.replicas) {
    fed += replica.digest.sequence.value() != 0 ? 1 : 0;
    told += replica.books.size();
  }
  CheckAnswers();
  const std::string why = answers_.failure.empty() ? "no replica of matching is fed" : answers_.failure;
  const std::string silent = answers_.failure.empty() ? "" : "; " + answers_.failure;
  const auto verdict = [&](const Finding& finding, std::size_t count, const std::string& text) {
    if (count == 0 && !finding.violated()) return finding.NotChecked(why);
    return finding.OkOr(text + silent);
  };
  const std::string states = absl::StrCat(compared_digests_, " replicas and ", compared_snapshots_,
                                          " snapshots have the state of the journal");
  return {verdict(digests_, fed + answers_.snapshots.size(), states),
          verdict(books_, told, absl::StrCat(compared_books_, " books are those of the journal"))};
}

}  // namespace xt::ctl
