// JournalSource: a journal, read and nothing else: its owner goes on meanwhile. CopySource: one of its copies, which
// may begin behind what was trimmed; joined_source.h makes a whole journal of several. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/ports/command_journal.h"
#include "tools/xtraderctl/journal/places.h"

namespace xt::ctl {

struct Beginning {
  ports::JournalBase base;  // epoch 0 where nothing tells it
  std::string missing;      // why it does not begin with the first command; empty when it does
  std::string damage;       // of what was trimmed and is kept as history: where; empty: none
};

class JournalSource {
 public:
  using Visitor = ports::CommandJournal::Visitor;
  using Begins = std::function<absl::Status(const Beginning&)>;

  virtual ~JournalSource() = default;
  // Which copy, for people.
  [[nodiscard]] virtual std::string name() const = 0;
  // Tells where the journal begins, and visits all records behind that, in order. Where it was trimmed meanwhile it
  // is read again, a few times: `begins` is told again, and what was visited before does not count. Returns what
  // people should know, mostly nothing. An error of `begins` or of the visitor stops and is returned; DATA_LOSS says
  // which record is damaged, NOT_FOUND and UNAVAILABLE that there is nothing to read, or that it is trimmed faster
  // than it is read.
  virtual absl::StatusOr<std::string> Read(const Begins& begins, const Visitor& visitor) = 0;
};

// Records of a copy that follow each other, hash by hash, as they were when they were looked at.
class Stretch {
 public:
  Stretch(const ports::JournalBase& base, const ports::JournalBase& end) : base_(base), end_(end) {}
  virtual ~Stretch() = default;
  // What lies before the first record, and the last one.
  [[nodiscard]] const ports::JournalBase& base() const { return base_; }
  [[nodiscard]] const ports::JournalBase& end() const { return end_; }
  // Visits, in order, the records that end at `from`, which lies behind the base, or behind. Of the journal itself
  // that goes on to its present end. Returns what JournalSource returns; UNAVAILABLE when some of them are not there
  // any more.
  virtual absl::StatusOr<std::string> Read(domain::SequenceNumber from, const JournalSource::Visitor& visitor) = 0;

 private:
  const ports::JournalBase base_;
  const ports::JournalBase end_;
};

// What a copy holds.
struct Holdings {
  std::unique_ptr<Stretch> journal;  // of a damaged one what lies before the damage
  std::vector<std::unique_ptr<Stretch>>
      history;           // in the order in which it was written; some of it may never have counted
  std::string damage;    // of the history: where; empty: none
  bool forgets = false;  // the journal may be trimmed while it is read
};

class CopySource : public JournalSource {
 public:
  // Reads all of it. NOT_FOUND and UNAVAILABLE that there is nothing to read.
  virtual absl::StatusOr<Holdings> Look() = 0;
};
using CopySources = std::vector<std::unique_ptr<CopySource>>;

// Where records end that follow each other: at the first one that does not. A plain value.
class ChainEnd {
 public:
  explicit ChainEnd(const ports::JournalBase& base) : end_(base) {}
  void Take(const ports::JournalRecord& record);
  [[nodiscard]] const ports::JournalBase& end() const { return end_; }

 private:
  ports::JournalBase end_;
  bool ended_ = false;
};

// That of one copy.
Beginning BeginningOf(const std::string& name, const ports::JournalBase& base);

// INVALID_ARGUMENT when the address is none.
absl::StatusOr<std::unique_ptr<CopySource>> RedisSource(const std::string& address, const std::string& shard);
// Its history is what the folder still has of it, and what a repair has kept aside there when it took the whole
// journal.
std::unique_ptr<CopySource> WalSource(const std::string& folder);

// Every copy that is named, the one in Redis first.
absl::StatusOr<CopySources> SourcesOf(const Places& places, const std::string& shard);

}  // namespace xt::ctl
