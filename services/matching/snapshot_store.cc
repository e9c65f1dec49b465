#include "services/matching/snapshot_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
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

constexpr std::string_view kPrefix = "snapshot-";
constexpr std::string_view kTemporary = ".tmp";
constexpr const char* kArriving = "/arriving.tmp";
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

absl::StatusOr<Snapshot> LoadFile(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  Header header;
  if (!in.read(reinterpret_cast<char*>(&header), sizeof(header))) return Damaged(file, "it has no whole header");
  const Hash128 hash = HashOf(header);
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) return Damaged(file, "it is no snapshot");
  if (header.hash[0] != hash.high || header.hash[1] != hash.low) return Damaged(file, "its header has another hash");
  if (header.version != kVersion) return Damaged(file, absl::StrFormat("its version is %d", header.version));
  std::error_code error;
  if (fs::file_size(file, error) != sizeof(header) + header.state_bytes) return Damaged(file, "its length is wrong");
  Snapshot snapshot{domain::SequenceNumber(header.sequence),
                    {header.frame_hash[0], header.frame_hash[1]},
                    header.timestamp_ns,
                    domain::SequenceNumber(header.published),
                    std::string(header.state_bytes, '\0')};
  if (!in.read(snapshot.state.data(), static_cast<std::streamsize>(header.state_bytes))) {
    return Damaged(file, "it cannot be read");
  }
  return snapshot;
}

absl::StatusOr<Restored> RestoreFrom(const EngineConfig& config, Snapshot snapshot, const std::string& file) {
  std::string error;
  auto engine = Engine::RestoreSnapshot(config, snapshot.state, &error);
  if (engine == nullptr) return Damaged(file, error);
  if (engine->applied() != snapshot.sequence) return Damaged(file, "its state is of another sequence");
  snapshot.state = std::string();
  return Restored{std::move(engine), std::move(snapshot)};
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return absl::ErrnoToStatus(errno, folder);
  const absl::Status status = ::fsync(fd) == 0 ? absl::OkStatus() : absl::ErrnoToStatus(errno, folder);
  ::close(fd);
  return status;
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
  XT_ASSIGN_OR_RETURN(Snapshot snapshot, LoadFile(FileOf(sequence)));
  if (snapshot.sequence != sequence) return Damaged(FileOf(sequence), "it is of another sequence than its name");
  return snapshot;
}

absl::StatusOr<Restored> SnapshotStore::Restore(const EngineConfig& config, domain::SequenceNumber sequence) const {
  XT_ASSIGN_OR_RETURN(Snapshot snapshot, Load(sequence));
  return RestoreFrom(config, std::move(snapshot), FileOf(sequence));
}

absl::Status SnapshotStore::Verify(const EngineConfig& config, const Snapshot& written) const {
  XT_ASSIGN_OR_RETURN(const Restored restored, Restore(config, written.sequence));
  const bool same = restored.at.frame_hash == written.frame_hash && restored.at.timestamp_ns == written.timestamp_ns &&
                    restored.at.published == written.published && restored.engine->IsStateOf(written.state);
  return same ? absl::OkStatus() : Damaged(FileOf(written.sequence), "it has another state than it was taken of");
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
  return runtime::WriteFileAtomically(FileOf(snapshot.sequence), content);
}

absl::Status SnapshotStore::Remove(domain::SequenceNumber sequence) {
  std::error_code error;
  fs::remove(FileOf(sequence), error);
  return error ? absl::UnavailableError(absl::StrFormat("%s: %s", FileOf(sequence), error.message()))
               : absl::OkStatus();
}

absl::Status SnapshotStore::SetAside(domain::SequenceNumber sequence, std::string_view why) {
  const std::string file = FileOf(sequence);
  std::error_code error;
  fs::rename(file, absl::StrFormat("%s.%s", file, std::string(why)), error);
  return error ? absl::UnavailableError(absl::StrFormat("%s: %s", file, error.message())) : absl::OkStatus();
}

ArrivingSnapshot::ArrivingSnapshot(const SnapshotStore& store)
    : store_(store),
      file_(store.folder_ + kArriving),
      fd_(::open(file_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644)),
      opened_(fd_ < 0 ? absl::ErrnoToStatus(errno, file_) : absl::OkStatus()) {}

ArrivingSnapshot::~ArrivingSnapshot() {
  if (fd_ < 0) return;
  ::close(fd_);
  if (!kept_) ::unlink(file_.c_str());
}

absl::Status ArrivingSnapshot::Append(std::string_view piece) {
  XT_RETURN_IF_ERROR(opened_);
  while (!piece.empty()) {
    const ssize_t written = ::write(fd_, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return absl::ErrnoToStatus(errno, file_);
    piece.remove_prefix(static_cast<std::size_t>(written));
  }
  return absl::OkStatus();
}

absl::StatusOr<Restored> ArrivingSnapshot::Restore(const EngineConfig& config) const {
  XT_RETURN_IF_ERROR(opened_);
  XT_ASSIGN_OR_RETURN(Snapshot snapshot, LoadFile(file_));
  return RestoreFrom(config, std::move(snapshot), file_);
}

absl::Status ArrivingSnapshot::KeepAs(domain::SequenceNumber sequence) {
  XT_RETURN_IF_ERROR(opened_);
  if (::fsync(fd_) != 0) return absl::ErrnoToStatus(errno, file_);
  if (::rename(file_.c_str(), store_.FileOf(sequence).c_str()) != 0) return absl::ErrnoToStatus(errno, file_);
  kept_ = true;
  return SyncFolder(store_.folder_);
}

}  // namespace xt::matching
