// The two processes that hold what must survive, sequencer and matching, on one folder: started, filled with orders, killed
// and started again.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "libs/base/child_process.h"
#include "libs/ports/order_sequencing.h"

namespace xt::bench {

class Exchange {
 public:
  // `snapshot_every`: commands between two snapshots. `ids`: client order ids that fit.
  Exchange(std::string folder, std::int64_t snapshot_every, std::int64_t ids);

  void Start();
  void Kill();
  // Waits until a command is taken, sending it again while it is refused.
  absl::Status AwaitServing();
  // Assets, a market and funded accounts.
  absl::Status SetUp();
  // `count` orders: of ten, four pairs trade and two rest. Each must be accepted.
  absl::Status SendOrders(std::uint64_t count);

  // Sequences of the snapshots, the newest first.
  [[nodiscard]] std::vector<std::uint64_t> Snapshots() const;
  void RemoveSnapshots() const;
  // The last sequence that was answered.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

 private:
  [[nodiscard]] std::string PathOf(const std::string& name) const { return folder_ + "/" + name; }
  void Connect();
  absl::Status Execute(const domain::CommandBody& body);

  const std::string folder_;
  const std::uint16_t matching_port_;
  const std::uint16_t sequencer_port_;
  std::unique_ptr<ChildProcess> matching_;
  std::unique_ptr<ChildProcess> sequencer_;
  std::unique_ptr<ports::OrderSequencing> sequencing_;
  std::uint64_t sequence_ = 0;
};

}  // namespace xt::bench
