#include "libs/adapters/replicated/internal/in_sync_members.h"

#include <algorithm>

#include "libs/base/status.h"

namespace xt::replicated {

absl::Status InSyncMembers::Claim(domain::Epoch epoch) {
  XT_ASSIGN_OR_RETURN(Names names, set_.Claim(epoch));
  const auto entry = std::find_if(names.begin(), names.end(), IsUncleanMark);
  if (entry != names.end()) {
    XT_ASSIGN_OR_RETURN(mark_, MarkOf(*entry));
    names.erase(entry);
  }
  std::lock_guard lock(mutex_);
  possible_ = std::move(names);
  certain_ = true;
  return absl::OkStatus();
}

void InSyncMembers::Propose(const Names& names) {
  std::lock_guard lock(mutex_);
  certain_ = false;
  for (const std::string& name : names) {
    if (std::find(possible_.begin(), possible_.end(), name) == possible_.end()) possible_.push_back(name);
  }
}

absl::Status InSyncMembers::Replace(const Names& names) {
  Propose(names);
  absl::Status status = set_.Replace(names);
  if (!status.ok()) {
    ++refused_changes_;
    return status;
  }
  std::lock_guard lock(mutex_);
  possible_ = names;
  certain_ = true;
  return status;
}

InSyncMembers::Names InSyncMembers::possible() const {
  std::lock_guard lock(mutex_);
  return possible_;
}

bool InSyncMembers::Has(const std::string& name) const {
  std::lock_guard lock(mutex_);
  return std::find(possible_.begin(), possible_.end(), name) != possible_.end();
}

bool InSyncMembers::Has(const ports::JournalCopy& copy) const {
  std::lock_guard lock(mutex_);
  return Holds(copy);
}

bool InSyncMembers::SurelyHas(const ports::JournalCopy& copy) const {
  std::lock_guard lock(mutex_);
  return certain_ && Holds(copy);
}

bool InSyncMembers::Holds(const ports::JournalCopy& copy) const {
  return std::any_of(possible_.begin(), possible_.end(), [&](const std::string& name) { return copy.Is(name); });
}

bool InSyncMembers::AreSurely(const Names& names) const {
  std::lock_guard lock(mutex_);
  return certain_ && possible_ == names;
}

}  // namespace xt::replicated
