// JournalWriter: brings records into the journal, in order, whatever happens to the connection: what was sent and not
// confirmed is looked for after connecting anew, and sent again when it is not there. One thread at a time, but for Stop,
// Identity, Is, WriteToken and the counters.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <span>
#include <string>

#include "libs/adapters/redis/internal/journal_link.h"
#include "libs/adapters/redis/redis_journal.h"

namespace xt::redis {

struct JournalCounters {
  std::atomic<std::uint64_t> lost_connections{0}, refused_writes{0}, accepted_late{0}, sent_again{0}, restored{0},
      restarts{0};
};

class JournalWriter {
 public:
  using Confirmed = std::function<void(const ports::JournalRecord&)>;

  JournalWriter(RedisConfig config, JournalKeys keys, const RedisJournalOptions& options);

  absl::StatusOr<JournalEnd> Open(ports::FencingToken token);
  // The same with an empty journal in the place of the one that is there, which is kept as `aside`.
  absl::StatusOr<JournalEnd> OpenAnew(ports::FencingToken token, std::string& aside);
  // Calls `confirmed` for each record that is in the journal, and keeps the record. An error is final.
  absl::Status Store(std::span<ports::JournalRecord> group, const Confirmed& confirmed);
  absl::Status CutTail(const JournalEnd& keep);
  absl::Status BeginAt(const ports::JournalBase& base);
  // From now on the first failure is final.
  void Stop();

  [[nodiscard]] std::string Identity() const;
  [[nodiscard]] bool Is(const std::string& member) const;
  // That of the connection that writes now.
  [[nodiscard]] std::string WriteToken() const;
  // As it was when the journal was opened.
  [[nodiscard]] const ports::JournalBase& base() const { return link_.base(); }
  [[nodiscard]] const JournalCounters& counters() const { return counters_; }

 private:
  using Group = std::span<ports::JournalRecord>;

  absl::StatusOr<JournalEnd> Connect();
  // Both take what they confirmed off the front of `rest`.
  absl::Status Send(Group& rest, const Confirmed& confirmed);
  absl::Status Recover(Group& rest, const Confirmed& confirmed);
  absl::Status Reconcile(const JournalEnd& end, Group& rest, const Confirmed& confirmed);
  absl::Status Restore(std::size_t first);
  void Confirm(Group& rest, const Confirmed& confirmed);
  bool PauseUntil(std::chrono::steady_clock::time_point deadline);

  const RedisJournalOptions options_;
  JournalLink link_;
  ports::FencingToken token_;
  JournalEnd end_;                         // of what was confirmed
  std::deque<ports::JournalRecord> kept_;  // the last confirmed records
  std::uint64_t kept_bytes_ = 0;
  JournalCounters counters_;

  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::string uuid_;
  std::string run_id_;
  std::string write_token_;
};

}  // namespace xt::redis
