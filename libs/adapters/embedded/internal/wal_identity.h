// The header file of a journal's folder: who this copy is (uuid), the highest fencing token that it has seen, and where it
// begins. It is replaced by rename and synced, so that a token that was refused once is refused for ever. No state.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "libs/adapters/embedded/file_io.h"
#include "libs/ports/command_journal.h"

namespace xt::embedded::wal {

inline constexpr char kHeaderName[] = "journal.header";

// Where the journal begins: with the first record of a segment. What segments before it hold is history: nobody needs it to
// be there, and nobody looks at it.
struct Start {
  std::uint64_t index = 1;  // of the segment
  ports::JournalBase base;
};

struct Identity {
  std::string uuid;
  ports::FencingToken token;
  Start start;
};

// What the header says; NOT_FOUND when there is none.
absl::StatusOr<Identity> Load(const std::string& folder);

// Reads the header, or creates an empty journal: the first segment, then the header. A header without segments, or
// segments with records without a header, are DATA_LOSS: an empty journal must never take the place of a lost one.
absl::StatusOr<Identity> LoadOrCreate(const std::string& folder, std::uint64_t segment_bytes, FileIo& io);

// FAILED_PRECONDITION "FENCED" when `token` is lower than the stored one.
absl::Status CheckToken(const Identity& identity, const ports::FencingToken& token);
// Stores a higher token durably.
absl::Status StoreToken(const std::string& folder, Identity identity, const ports::FencingToken& token);
// Lets the journal begin elsewhere, durably.
absl::Status StoreStart(const std::string& folder, const Start& start);

}  // namespace xt::embedded::wal
