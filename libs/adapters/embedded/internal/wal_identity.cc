#include "libs/adapters/embedded/internal/wal_identity.h"

#include <fcntl.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "libs/adapters/embedded/internal/files.h"
#include "libs/adapters/embedded/internal/wal_recovery.h"
#include "libs/base/random_id.h"
#include "libs/base/status.h"

namespace xt::embedded::wal {
namespace {

absl::Status Write(const std::string& folder, const Identity& identity) {
  const ports::JournalBase& base = identity.start.base;
  const std::string text = absl::StrFormat("2 %s %d %d %d %d %s %d\n", identity.uuid, identity.token.epoch.value(),
                                           identity.token.connection_generation, identity.start.index,
                                           base.sequence.value(), base.hash.ToHex(), base.epoch.value());
  return ReplaceFile(folder, kHeaderName, Seal(text));
}

bool ParseStart(const std::vector<std::string>& words, Start& start) {
  std::uint64_t sequence = 0;
  std::uint64_t epoch = 0;
  const auto hash = Hash128::FromBytes(absl::HexStringToBytes(words[2]));
  if (!absl::SimpleAtoi(words[0], &start.index) || !absl::SimpleAtoi(words[1], &sequence) || !hash.ok() ||
      !absl::SimpleAtoi(words[3], &epoch)) {
    return false;
  }
  start.base = {domain::SequenceNumber(sequence), *hash, domain::Epoch(epoch)};
  return start.index != 0;
}

absl::StatusOr<Identity> Decode(std::string_view sealed, const std::string& path) {
  XT_ASSIGN_OR_RETURN(const std::string text, Unseal(sealed, path));
  const std::vector<std::string> words = absl::StrSplit(text, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  Identity identity;
  std::uint64_t epoch = 0;
  if (words.size() != 8 || words[0] != "2" || !absl::SimpleAtoi(words[2], &epoch) ||
      !absl::SimpleAtoi(words[3], &identity.token.connection_generation) ||
      !ParseStart({words.begin() + 4, words.end()}, identity.start)) {
    return absl::DataLossError(absl::StrCat(path, " is not the header of a journal of version 2"));
  }
  identity.uuid = words[1];
  identity.token.epoch = domain::Epoch(epoch);
  return identity;
}

// An interrupted creation leaves at most a first segment without records.
absl::Status CheckNothingIsLost(const std::string& folder) {
  XT_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> segments, ListSegments(folder, 1));
  if (segments.empty()) return absl::OkStatus();
  const std::string missing = absl::StrCat(folder, "/", kHeaderName, " at offset 0: the header is missing");
  if (segments.size() > 1 || segments[0] != 1)
    return absl::DataLossError(absl::StrCat(missing, ", but there are segments"));
  Segment first;
  first.path = absl::StrCat(folder, "/", SegmentName(1));
  XT_ASSIGN_OR_RETURN(first.fd, OpenFile(first.path, O_RDONLY));
  XT_ASSIGN_OR_RETURN(first.capacity, FileSize(first.fd, first.path));
  XT_ASSIGN_OR_RETURN(const SegmentReader::Rest rest, SegmentReader(first).InspectRest(kSegmentHeaderBytes));
  if (rest.nonzero_end == kSegmentHeaderBytes) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(missing, ", but ", first.path, " has records"));
}

}  // namespace

absl::StatusOr<Identity> Load(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/", kHeaderName);
  XT_ASSIGN_OR_RETURN(const std::string sealed, ReadWholeFile(path));
  return Decode(sealed, path);
}

absl::StatusOr<Identity> LoadOrCreate(const std::string& folder, std::uint64_t segment_bytes, FileIo& io) {
  auto stored = Load(folder);
  if (!absl::IsNotFound(stored.status())) return stored;
  XT_RETURN_IF_ERROR(CheckNothingIsLost(folder));
  Identity identity;
  identity.uuid = RandomId();
  XT_RETURN_IF_ERROR(CreateSegment(folder, 1, segment_bytes, identity.uuid, io).status());
  XT_RETURN_IF_ERROR(Write(folder, identity));
  return identity;
}

absl::Status CheckToken(const Identity& identity, const ports::FencingToken& token) {
  const ports::FencingToken& seen = identity.token;
  const bool lower =
      token.epoch != seen.epoch ? token.epoch < seen.epoch : token.connection_generation < seen.connection_generation;
  if (!lower) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrFormat(
      "FENCED: the journal has seen epoch %d generation %d, above epoch %d generation %d", seen.epoch.value(),
      seen.connection_generation, token.epoch.value(), token.connection_generation));
}

absl::Status StoreToken(const std::string& folder, Identity identity, const ports::FencingToken& token) {
  if (identity.token.epoch == token.epoch && identity.token.connection_generation == token.connection_generation) {
    return absl::OkStatus();
  }
  identity.token = token;
  return Write(folder, identity);
}

absl::Status StoreStart(const std::string& folder, const Start& start) {
  XT_ASSIGN_OR_RETURN(Identity identity, Load(folder));
  identity.start = start;
  return Write(folder, identity);
}

}  // namespace xt::embedded::wal
