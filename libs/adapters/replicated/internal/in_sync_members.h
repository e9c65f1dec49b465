// InSyncMembers: what is known of the in-sync set: its members, and after a change of which the outcome is not known each that
// it may have. Which copy is meant is asked of the copies.
//
// Claim and Replace by one thread at a time; the rest from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/adapters/replicated/unclean_leader.h"
#include "libs/ports/in_sync_set.h"
#include "libs/ports/journal_copy.h"

namespace xt::replicated {

class InSyncMembers {
 public:
  using Names = std::vector<std::string>;

  explicit InSyncMembers(ports::InSyncSet& set) : set_(set) {}

  absl::Status Claim(domain::Epoch epoch);
  // From now on the members may be these, too: Replace is about to be called.
  void Propose(const Names& names);
  // Proposes, and asks the set. FAILED_PRECONDITION: another leads.
  absl::Status Replace(const Names& names);

  // An operator's, which stood beside the members when they were claimed.
  [[nodiscard]] const std::optional<UncleanMark>& mark() const { return mark_; }
  // Each that may be one. Empty: no journal was ever written.
  [[nodiscard]] Names possible() const;
  [[nodiscard]] bool Has(const std::string& name) const;
  [[nodiscard]] bool Has(const ports::JournalCopy& copy) const;
  // For certain.
  [[nodiscard]] bool SurelyHas(const ports::JournalCopy& copy) const;
  [[nodiscard]] bool AreSurely(const Names& names) const;
  // Changes that were refused, or of which the outcome is not known.
  [[nodiscard]] std::uint64_t refused_changes() const { return refused_changes_; }

 private:
  [[nodiscard]] bool Holds(const ports::JournalCopy& copy) const;

  ports::InSyncSet& set_;
  std::optional<UncleanMark> mark_;
  mutable std::mutex mutex_;
  Names possible_;
  bool certain_ = false;
  std::atomic<std::uint64_t> refused_changes_{0};
};

}  // namespace xt::replicated
