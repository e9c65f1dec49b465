// FencedWrites: how often the journal refused a leader of this data folder as a stale one. Such a leader ends at once, and a
// counter of its process would die before anybody reads it: so each refusal is a line of a file, and the counter of the
// next process begins with them. Not synced: the line survives the process, not the machine.
//
// Threads: one at a time.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace xt::sequencer {

class FencedWrites {
 public:
  explicit FencedWrites(std::string file) : file_(std::move(file)) {}

  [[nodiscard]] std::uint64_t Count() const;  // 0 when there is no file
  // `now_ns` is Unix time; the line has it and the reason.
  absl::Status Add(const absl::Status& reason, std::int64_t now_ns) const;

 private:
  const std::string file_;
};

}  // namespace xt::sequencer
