// Opening: how a leader opens the journal: fences the own and the remote copy, repairs what is damaged in one from the
// other, adopts the highest chain that is trusted, and makes the other copy equal. Once, by one thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "libs/adapters/replicated/internal/equal_copies.h"
#include "libs/adapters/replicated/internal/in_sync_members.h"
#include "libs/adapters/replicated/replicated_journal.h"
#include "libs/ports/journal_copy.h"

namespace xt::replicated {

// Shared with Stats().
struct JournalCounters {
  void Count(const EqualReport& equal) {
    filled += equal.filled;
    if (equal.cut) ++cuts;
  }
  std::atomic<std::uint64_t> filled{0}, cuts{0}, own_repairs{0}, unclean_starts{0};
};

struct Opened {
  ports::OpenReport report;
  std::unique_ptr<ports::JournalCopy> remote;  // null: it is away
  absl::Status away;                           // why
  std::uint64_t remote_repairs = 0;
};

class Opening {
 public:
  Opening(ports::JournalCopy& own, std::unique_ptr<ports::JournalCopy> remote, InSyncMembers& members,
          const ReplicatedJournalOptions& options, JournalCounters& counters)
      : own_(own), remote_(std::move(remote)), members_(members), options_(options), counters_(counters) {}

  // Afterwards the set names what is there, unless that is less than options.min_copies.
  absl::StatusOr<Opened> Run(ports::FencingToken token);

 private:
  absl::Status Away(const absl::Status& why);
  [[nodiscard]] absl::Status CheckSure() const;
  [[nodiscard]] absl::Status CheckTrust() const;
  absl::Status BeginUnclean(const absl::Status& why, const ports::OpenReport& own,
                            const absl::StatusOr<ports::OpenReport>& remote);
  absl::StatusOr<ports::OpenReport> RepairOwn(const absl::Status& damaged, const absl::Status& remote);
  absl::Status CompleteOwn(const absl::Status& damaged, ports::OpenReport& own);
  absl::StatusOr<ports::OpenReport> BeginRemoteAnew();
  absl::StatusOr<ports::OpenReport> Adopt(const ports::OpenReport& own, const ports::OpenReport* remote);
  absl::StatusOr<bool> Register();
  [[nodiscard]] bool promises_nothing() const { return options_.confirmation == Confirmation::kNobody; }

  ports::JournalCopy& own_;
  std::unique_ptr<ports::JournalCopy> remote_;
  InSyncMembers& members_;
  const ReplicatedJournalOptions& options_;
  JournalCounters& counters_;
  ports::FencingToken token_;
  std::uint64_t remote_repairs_ = 0;
};

// What the set is to name while these are there.
InSyncMembers::Names MembersOf(Confirmation confirmation, const ports::JournalCopy& own,
                               const std::vector<const ports::JournalCopy*>& others);
// A damaged copy begins anew; the own copy has everything and is surely a member.
absl::StatusOr<ports::OpenReport> BeginAnew(ports::JournalCopy& copy, const std::string& name,
                                            ports::FencingToken token, const ports::JournalCopy& own,
                                            const ReplicatedJournalOptions& options);

}  // namespace xt::replicated
