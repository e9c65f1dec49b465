// Makes the damaged segments of a journal anew, from what is good in them and what another copy has of the rest. Each new
// segment is complete and durable before it takes the place of the old one, which gets a second name in a folder of its own
// first; the last one goes first. So whatever interrupts it, the journal is good or still damaged, never shorter and good.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/adapters/embedded/file_io.h"
#include "libs/adapters/embedded/internal/wal_survey.h"

namespace xt::embedded::wal {

// The records first..last of the other copy.
using Fetch = std::function<absl::Status(domain::SequenceNumber first, domain::SequenceNumber last,
                                         const ports::CommandJournal::Visitor& visitor)>;

struct MendOptions {
  std::string folder;
  std::string uuid;
  std::uint64_t segment_bytes = 0;  // of a segment that is missing
  FileIo* io = nullptr;
};

// `survey` has no `unmendable`. The folder where the damaged files are kept. DATA_LOSS, and no file is replaced, when what
// `fetch` has does not join what is good.
absl::StatusOr<std::string> Mend(const MendOptions& options, const Survey& survey, const Fetch& fetch);

// Moves the whole journal aside, the header first: what is left after an interruption does not open as a journal.
absl::StatusOr<std::string> SetAside(const std::string& folder);

}  // namespace xt::embedded::wal
