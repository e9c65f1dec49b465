// I5 and I6: what the replicas of matching told of their state, and what their snapshots hold, each at the command that
// the answer or the snapshot names, against the state that the journal gives there: digests of everything, and books, also
// those of the second engine.
#pragma once

#include <string>
#include <vector>

#include "libs/ports/matching_replica.h"
#include "tools/xtraderctl/verify/check.h"
#include "tools/xtraderctl/verify/rules_check.h"

namespace xt::ctl {

// What one replica answered; books of a replica that is not fed are not told.
struct ReplicaAnswer {
  std::string name;
  ports::StateDigest digest;
  std::vector<domain::BookSnapshot> books;
};

// A snapshot that was restored.
struct SavedState {
  std::string file;
  ports::StateDigest digest;
};

struct LiveAnswers {
  std::vector<ReplicaAnswer> replicas;
  std::string failure;  // why one or all did not answer; empty when all did
  std::vector<SavedState> snapshots;
  std::string damage;  // of the first snapshot that cannot be restored, with its file
};

// Asks each address, a replica's gRPC port.
LiveAnswers AskReplicas(const std::vector<std::string>& addresses);
// Restores every snapshot in these folders, one after the other, by the default capacities of matching. Nothing is changed
// there; one that its replica removes meanwhile is left out.
void RestoreSnapshots(const std::vector<std::string>& folders, LiveAnswers& answers);

class LiveCheck final : public Check {
 public:
  // `rules` is shown each command before this, and outlives it.
  LiveCheck(LiveAnswers answers, const RulesCheck& rules) : answers_(std::move(answers)), rules_(rules) {}

  void Take(const Step& step) override;
  std::vector<Verdict> Finish() override;
  std::vector<Verdict> FinishUnplayed(domain::SequenceNumber end, const std::string& why) override;

 private:
  void Compare(const Step& step, const ReplicaAnswer& replica);
  // Whether it is of this command.
  bool Compare(const Step& step, const std::string& name, const ports::StateDigest& digest);
  void Compare(const Step& step, const ReplicaAnswer& replica, const domain::BookSnapshot& book);
  void ExpectBehind(const std::string& name, domain::SequenceNumber sequence);
  // What shows without the journal's states, but for its end.
  void CheckAnswers();

  const LiveAnswers answers_;
  const RulesCheck& rules_;
  Finding digests_{"I5"};
  Finding books_{"I6"};
  std::size_t compared_digests_ = 0;
  std::size_t compared_snapshots_ = 0;
  std::size_t compared_books_ = 0;
  domain::SequenceNumber last_;
};

}  // namespace xt::ctl
