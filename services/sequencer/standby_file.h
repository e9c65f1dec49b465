// StandbyFile: this process's file of the journal, held for whoever leads, until this process leads itself. So each
// sequencer that stands by keeps one more copy of the journal, the very file that it opens when it is elected.
//
// Each connection of a leader has a handle of its own (ports/journal_copy.h). At most one of them has the file: the one
// that opened it last. Whoever lost it, to another leader or because this process leads, is answered UNAVAILABLE.
// Threads: thread-safe; the calls of all handles are serialised by one lock, under which the file is read and written,
// and as a whole when it is opened. TailSequence does not take it. A `done` is called on the file's thread, or inside
// Append when the file is not had; it may call nothing here but TailSequence, and must not block. Nor may a visitor.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "absl/status/status.h"
#include "libs/ports/journal_copy.h"

namespace xt::sequencer {

class StandbyFile {
 public:
  using MakeFile = std::function<std::unique_ptr<ports::JournalCopy>()>;  // a new handle of the file, not opened

  explicit StandbyFile(MakeFile make);
  ~StandbyFile();
  StandbyFile(const StandbyFile&) = delete;
  StandbyFile& operator=(const StandbyFile&) = delete;

  // A handle for one connection of a leader; it must not outlive this object. Its Open takes the file from the handle
  // that has it, whose appends are waited for first; FENCED, and nothing is taken, when that one's leader has a higher
  // token. Where Open answered DATA_LOSS, Damage and OpenAnew are those of the file; it cannot be mended from here. An
  // append of a handle that lost the file is UNAVAILABLE, behind what the file still had to confirm.
  std::unique_ptr<ports::JournalCopy> Connect();

  // From here on nobody is served (UNAVAILABLE): this process leads, or is about to. What was under way is waited for,
  // and the file is closed when this returns. Idempotent.
  void Release();

 private:
  class Handle;
  // What became of the file of the handle that has it.
  enum class State { kDamaged, kOpen, kAppended };

  // What follows runs under the lock.
  absl::Status Take(const Handle& handle, ports::FencingToken token);
  [[nodiscard]] absl::Status CheckHolder(const Handle& handle) const;
  void Close();

  const MakeFile make_;
  std::mutex mutex_;
  bool released_ = false;
  const Handle* holder_ = nullptr;            // who has the file; null: nobody
  std::unique_ptr<ports::JournalCopy> file_;  // null when nobody has it
  State state_ = State::kOpen;
  ports::FencingToken token_;  // of the holder
};

}  // namespace xt::sequencer
