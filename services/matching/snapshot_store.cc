#include "services/matching/snapshot_store.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"
#include "libs/base/status.h"
#include "libs/runtime/service_main.h"

namespace xt::matching {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kKept = 2;
constexpr std::string_view kPrefix = "snapshot-";
constexpr std::string_view kTemporary = ".tmp";
constexpr std::size_t kDigits = 20;

// As it lies in the file, before the state. `hash` is over what stands before it.
struct Header {
  char magic[8];
  std::uint64_t version;
  std::uint64_t sequence;
  std::int64_t timestamp_ns;
  std::uint64_t published;
  std::uint64_t frame_hash[2];
  std::uint64_t state_bytes;
  std::uint64_t hash[2];
};
static_assert(sizeof(Header) == 80);
constexpr char kMagic[] = {'X', 'T', 'S', 'N', 'A', 'P', '\n', '\0'};
constexpr std::uint64_t kVersion = 1;

Hash128 HashOf(const Header& header) {
  return HashBytes({reinterpret_cast<const char*>(&header), offsetof(Header, hash)});
}

absl::Status Damaged(const std::string& file, const std::string& what) {
  return absl::DataLossError(absl::StrFormat("%s: %s", file, what));
}

}  // namespace

absl::StatusOr<SnapshotStore> SnapshotStore::Open(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return absl::UnavailableError(absl::StrFormat("%s: %s", folder, error.message()));
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    if (entry.path().extension() == kTemporary) fs::remove(entry.path(), error);
  }
  return SnapshotStore(folder);
}

std::string SnapshotStore::FileOf(domain::SequenceNumber sequence) const {
  return absl::StrFormat("%s/%s%020d", folder_, std::string(kPrefix), sequence.value());
}

std::vector<domain::SequenceNumber> SnapshotStore::List() const {
  std::vector<domain::SequenceNumber> sequences;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with(kPrefix) || name.size() != kPrefix.size() + kDigits) continue;
    std::uint64_t sequence = 0;
    const auto parsed = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), sequence);
    if (parsed.ec == std::errc() && parsed.ptr == name.data() + name.size()) sequences.emplace_back(sequence);
  }
  std::ranges::sort(sequences, std::greater());
  return sequences;
}

absl::StatusOr<Snapshot> SnapshotStore::Load(domain::SequenceNumber sequence) const {
  const std::string file = FileOf(sequence);
  std::ifstream in(file, std::ios::binary);
  Header header;
  if (!in.read(reinterpret_cast<char*>(&header), sizeof(header))) return Damaged(file, "it has no whole header");
  const Hash128 hash = HashOf(header);
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return Damaged(file, "it is no snapshot");
  if (header.hash[0] != hash.high || header.hash[1] != hash.low) return Damaged(file, "its header has another hash");
  if (header.version != kVersion) return Damaged(file, absl::StrFormat("its version is %d", header.version));
  if (header.sequence != sequence.value()) return Damaged(file, "it is of another sequence than its name");
  std::error_code error;
  if (fs::file_size(file, error) != sizeof(header) + header.state_bytes) return Damaged(file, "its length is wrong");
  Snapshot snapshot{sequence,
                    {header.frame_hash[0], header.frame_hash[1]},
                    header.timestamp_ns,
                    domain::SequenceNumber(header.published),
                    std::string(header.state_bytes, '\0')};
  if (!in.read(snapshot.state.data(), static_cast<std::streamsize>(header.state_bytes))) {
    return Damaged(file, "it cannot be read");
  }
  return snapshot;
}

absl::StatusOr<Restored> SnapshotStore::Restore(const EngineConfig& config, domain::SequenceNumber sequence) const {
  XT_ASSIGN_OR_RETURN(Snapshot snapshot, Load(sequence));
  std::string error;
  auto engine = Engine::RestoreSnapshot(config, snapshot.state, &error);
  if (engine == nullptr) return Damaged(FileOf(sequence), error);
  if (engine->applied() != sequence) return Damaged(FileOf(sequence), "its state is of another sequence");
  snapshot.state = std::string();
  return Restored{std::move(engine), std::move(snapshot)};
}

absl::Status SnapshotStore::Write(const Snapshot& snapshot) {
  Header header{};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  header.version = kVersion;
  header.sequence = snapshot.sequence.value();
  header.timestamp_ns = snapshot.timestamp_ns;
  header.published = snapshot.published.value();
  header.frame_hash[0] = snapshot.frame_hash.high;
  header.frame_hash[1] = snapshot.frame_hash.low;
  header.state_bytes = snapshot.state.size();
  const Hash128 hash = HashOf(header);
  header.hash[0] = hash.high;
  header.hash[1] = hash.low;
  std::string content(reinterpret_cast<const char*>(&header), sizeof(header));
  content += snapshot.state;
  XT_RETURN_IF_ERROR(runtime::WriteFileAtomically(FileOf(snapshot.sequence), content));
  const auto sequences = List();
  for (std::size_t i = kKept; i < sequences.size(); ++i) {
    std::error_code error;
    fs::remove(FileOf(sequences[i]), error);
    if (error) return absl::UnavailableError(absl::StrFormat("%s: %s", FileOf(sequences[i]), error.message()));
  }
  return absl::OkStatus();
}

absl::Status SnapshotStore::SetAside() {
  for (const domain::SequenceNumber sequence : List()) {
    std::error_code error;
    fs::rename(FileOf(sequence), FileOf(sequence) + ".of-another-journal", error);
    if (error) return absl::UnavailableError(absl::StrFormat("%s: %s", FileOf(sequence), error.message()));
  }
  return absl::OkStatus();
}

}  // namespace xt::matching
