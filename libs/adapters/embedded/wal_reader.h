// WalReader: a WalJournal's folder for those who only look, with the beginning that it has when the reader is opened:
// it takes no lock and changes nothing, so that the journal's owner may go on writing, and trimming, meanwhile. What
// the owner would cut at its next start, a torn tail, is left where it is and told. Beside the journal it finds the
// history: what the segments hold that the journal begins behind. Nobody needs it to be there, so that some of it may
// have been moved away, and where the journal once began anew, what was before may end with records that never
// counted. So it is found in stretches; which of them lead to the journal, their hashes tell. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/ports/command_journal.h"

namespace xt::embedded {

// Records that follow each other, hash by hash.
struct WalStretch {
  // Where some of them lie one behind the other.
  struct Part {
    std::uint64_t segment = 0;
    std::uint64_t offset = 0;  // of the first one
    domain::SequenceNumber first_sequence;
  };
  ports::JournalBase base;  // behind which they begin; nothing tells its epoch, 0
  ports::JournalBase end;   // the last one
  std::vector<Part> parts;
};

struct WalHistory {
  std::vector<WalStretch> stretches;  // in the order in which they were written
  std::string damage;                 // the first file and offset that is damaged, and how; empty: none
};

class WalReader {
 public:
  using Visitor = ports::CommandJournal::Visitor;

  // NOT_FOUND when no journal lies there, DATA_LOSS when its header is damaged.
  static absl::StatusOr<WalReader> Open(std::string folder);

  [[nodiscard]] const ports::JournalBase& base() const { return base_; }
  // Visits, in order, every good record behind the base that ends at `from` or behind. Returns file and offset of a
  // torn tail, empty when there is none. Whether the records follow each other is the caller's to check. A visitor's
  // error stops and is returned. DATA_LOSS, naming file and offset, when a damaged record is followed by a good one.
  absl::StatusOr<std::string> Read(domain::SequenceNumber from, const Visitor& visitor) const;

  // Reads all segments before the journal.
  [[nodiscard]] absl::StatusOr<WalHistory> FindHistory() const;
  // Reads all segments, of a journal that nobody goes on with.
  [[nodiscard]] absl::StatusOr<WalHistory> FindAll() const;
  // Visits, in order, the records of a stretch that end at `from` or behind. UNAVAILABLE when one of its segments is
  // gone, DATA_LOSS when a record is.
  absl::Status ReadStretch(const WalStretch& stretch, domain::SequenceNumber from, const Visitor& visitor) const;

 private:
  WalReader(std::string folder, std::string uuid, std::uint64_t first_segment, const ports::JournalBase& base)
      : folder_(std::move(folder)), uuid_(std::move(uuid)), first_segment_(first_segment), base_(base) {}

  std::string folder_;
  std::string uuid_;
  std::uint64_t first_segment_;  // of the journal
  ports::JournalBase base_;
};

}  // namespace xt::embedded
