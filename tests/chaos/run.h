// Run: a cluster under load into which faults are put, one or several at once. After each of them everything has to be
// healthy again and every acknowledged order stored, once; in the end `xtraderctl verify` compares everything with
// everything and with what the clients saw. One thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/chaos/client_load.h"
#include "tests/chaos/fault.h"
#include "tests/chaos/history_log.h"
#include "tests/chaos/report.h"
#include "tests/chaos/world.h"

namespace xt::chaos {

struct RunOptions {
  std::string binaries;
  std::string data;  // folder, absolute
  unsigned seed = 1;
  int orders_per_second = 300;
  std::string durability;  // of the journal, as for `./dev cluster up`; empty: its default
};

class Run {
 public:
  // `say` is given a line for each fault.
  Run(RunOptions options, std::function<void(const std::string&)> say);

  // The cluster serves, and orders are acknowledged.
  absl::Status Start();
  // Puts them in one behind the other, takes them away after the longest hold, and waits until all is well. False: it is
  // not, so that further faults would tell nothing.
  bool Inject(const std::vector<const FaultEntry*>& entries);
  // Ends the load, verifies everything, and ends the cluster. Removes the data when nothing was violated.
  const Report& Finish();

  [[nodiscard]] const Report& report() const { return report_; }

 private:
  struct Injected {
    const FaultEntry* entry;
    std::unique_ptr<Fault> fault;
  };
  // What is wrong once the faults are healed; empty when nothing is.
  std::string WaitUntilWell(const std::vector<Injected>& injected);
  // Compares what was acknowledged since the last time with what is stored.
  void ReadBack(FaultResult& result);
  void Note(const std::vector<Injected>& injected, const FaultResult& seen);
  void Verify();

  const RunOptions options_;
  const std::function<void(const std::string&)> say_;
  World world_;
  std::unique_ptr<HistoryLog> history_;
  std::unique_ptr<ClientLoad> load_;
  Report report_;
};

}  // namespace xt::chaos
