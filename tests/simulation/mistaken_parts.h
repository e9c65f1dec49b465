// Parts of a sequencer that are mistaken (mistake.h), each around an honest one.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "libs/ports/in_sync_set.h"
#include "libs/ports/journal_copy.h"
#include "libs/ports/leader_election.h"
#include "tests/simulation/mistake.h"
#include "tests/simulation/world.h"

namespace xt::sim {

// Copies of the journal that are mistaken about themselves; those that are not are returned as they are.
std::unique_ptr<ports::JournalCopy> MistakenOwn(std::unique_ptr<ports::JournalCopy> copy, Mistake mistake,
                                                const std::string& name);
std::unique_ptr<ports::JournalCopy> MistakenRemote(std::unique_ptr<ports::JournalCopy> copy, Mistake mistake);
// The own copy, while another sequencer leads.
std::unique_ptr<ports::JournalCopy> MistakenStandby(std::unique_ptr<ports::JournalCopy> copy, Mistake mistake);
// What a file passes for; empty when it says itself who it is.
std::string FalseIdentity(Mistake mistake, const std::string& name);

class MistakenSet final : public ports::InSyncSet {
 public:
  MistakenSet(ports::InSyncSet& set, Mistake mistake, const ports::JournalCopy& own)
      : set_(set), mistake_(mistake), own_(own) {}
  absl::StatusOr<std::vector<std::string>> Claim(domain::Epoch epoch) override;
  absl::Status Replace(const std::vector<std::string>& members) override;

 private:
  ports::InSyncSet& set_;
  const Mistake mistake_;
  const ports::JournalCopy& own_;
  bool alone_ = false;                // the own copy was made the only member
  std::vector<std::string> members_;  // as ZooKeeper has them
};

class MistakenElection final : public ports::LeaderElection {
 public:
  MistakenElection(ports::LeaderElection& election, Mistake mistake) : election_(election), mistake_(mistake) {}
  absl::Status Campaign(Observer observer) override;
  absl::StatusOr<std::size_t> OtherCandidates() override { return election_.OtherCandidates(); }
  void Resign() override { election_.Resign(); }

 private:
  ports::LeaderElection& election_;
  const Mistake mistake_;
};

// It also notes what is trimmed.
class MistakenJournal final : public ports::CommandJournal {
 public:
  MistakenJournal(ports::CommandJournal& journal, Mistake mistake, Trimmed& trimmed, ports::JournalCopy& own)
      : journal_(journal), mistake_(mistake), trimmed_(trimmed), own_(own) {}
  absl::StatusOr<ports::OpenReport> Open(ports::FencingToken token) override;
  absl::Status Read(domain::SequenceNumber from, const Visitor& visitor) override;
  void Append(ports::JournalRecord record, AppendDone done) override {
    journal_.Append(std::move(record), std::move(done));
  }
  [[nodiscard]] domain::SequenceNumber TailSequence() const override {
    return std::max(journal_.TailSequence(), adopted_);
  }
  [[nodiscard]] ports::JournalBase Base() const override { return journal_.Base(); }
  [[nodiscard]] absl::StatusOr<domain::SequenceNumber> ReadableFrom() override { return journal_.ReadableFrom(); }
  absl::Status TrimFront(domain::SequenceNumber upto) override;
  [[nodiscard]] absl::Status Accepting() const override { return journal_.Accepting(); }

 private:
  ports::CommandJournal& journal_;
  const Mistake mistake_;
  Trimmed& trimmed_;
  ports::JournalCopy& own_;
  domain::SequenceNumber adopted_;  // that much counts as confirmed
  bool reads_tail_ = false;         // the next Read is that of the last frame, for its time
};

}  // namespace xt::sim
