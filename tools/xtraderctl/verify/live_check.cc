#include "tools/xtraderctl/verify/live_check.h"

#include "absl/strings/str_cat.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/base/status.h"

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

void LiveCheck::Take(const Step& step) {
  last_ = step.sequence;
  for (const ReplicaAnswer& replica : answers_.replicas) Compare(step, replica);
}

void LiveCheck::Compare(const Step& step, const ReplicaAnswer& replica) {
  for (const domain::BookSnapshot& book : replica.books) {
    if (book.sequence == step.sequence) Compare(step, replica, book);
  }
  if (replica.digest.sequence != step.sequence) return;
  ++compared_digests_;
  if (step.engine.Digest() == replica.digest.digest) return;
  digests_.Violate(absl::StrCat("sequence ", step.sequence.value(), ": ", replica.name, " has another state (",
                                replica.digest.digest.ToHex(), ") than the journal gives (",
                                step.engine.Digest().ToHex(), ")"));
}

void LiveCheck::Compare(const Step& step, const ReplicaAnswer& replica, const domain::BookSnapshot& book) {
  ++compared_books_;
  const bool known = step.engine.HasSymbol(book.symbol);
  const bool same = known && step.engine.Snapshot(book.symbol, 0) == book;
  if (same && (rules_.violated() || rules_.second().BookOf(book.symbol) == book)) return;
  books_.Violate(absl::StrCat("sequence ", step.sequence.value(), ": ", replica.name, " has another book of symbol ",
                              book.symbol.value(), " than the journal gives"));
}

std::vector<Verdict> LiveCheck::Finish() {
  std::size_t fed = 0;
  std::size_t told = 0;
  for (const ReplicaAnswer& replica : answers_.replicas) {
    fed += replica.digest.sequence.value() != 0 ? 1 : 0;
    told += replica.books.size();
    if (replica.digest.sequence <= last_) continue;
    digests_.Violate(absl::StrCat(replica.name, " stands at sequence ", replica.digest.sequence.value(),
                                  ", but the journal ends at ", last_.value()));
  }
  const std::string why = answers_.failure.empty() ? "no replica of matching is fed" : answers_.failure;
  const std::string silent = answers_.failure.empty() ? "" : "; " + answers_.failure;
  const auto verdict = [&](const Finding& finding, std::size_t count, std::size_t compared, const char* what) {
    if (count == 0) return finding.NotChecked(why);
    return finding.OkOr(absl::StrCat(compared, what, silent));
  };
  return {verdict(digests_, fed, compared_digests_, " replicas have the state of the journal"),
          verdict(books_, told, compared_books_, " books are those of the journal")};
}

}  // namespace xt::ctl
