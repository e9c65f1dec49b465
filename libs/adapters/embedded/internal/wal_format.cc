#include "libs/adapters/embedded/internal/wal_format.h"

#include <charconv>
#include <cstring>
#include <system_error>

#include "absl/strings/str_format.h"
#include "libs/adapters/embedded/internal/bytes.h"
#include "libs/base/hash.h"

namespace xt::embedded::wal {
namespace {

constexpr std::size_t kUuidBytes = 32;

void PutHash(std::string& out, Hash128 hash) {
  PutInt(out, hash.high);
  PutInt(out, hash.low);
}

Hash128 GetHash(std::string_view bytes, std::size_t at) {
  return {GetInt<std::uint64_t>(bytes, at), GetInt<std::uint64_t>(bytes, at + 8)};
}

// Puts the checksum of everything behind the first four bytes of the record at `start` into them.
void SetChecksum(std::string& out, std::size_t start) {
  const std::uint32_t crc = Crc32(std::string_view(out).substr(start + 4));
  std::memcpy(out.data() + start, &crc, sizeof(crc));
}

}  // namespace

std::string EncodeSegmentHeader(std::uint64_t index, std::uint64_t capacity, std::string_view uuid) {
  std::string out;
  PutInt<std::uint32_t>(out, 0);
  PutInt(out, kSegmentMagic);
  PutInt(out, kVersion);
  PutInt<std::uint32_t>(out, 0);
  PutInt(out, index);
  PutInt(out, capacity);
  out.append(uuid.substr(0, kUuidBytes));
  out.resize(kSegmentHeaderBytes, '\0');
  SetChecksum(out, 0);
  return out;
}

std::optional<std::uint64_t> ParseSegmentHeader(std::string_view bytes, std::uint64_t index, std::string_view uuid) {
  if (bytes.size() != kSegmentHeaderBytes) return std::nullopt;
  const auto capacity = GetInt<std::uint64_t>(bytes, 24);
  if (bytes != EncodeSegmentHeader(index, capacity, uuid)) return std::nullopt;
  return capacity;
}

void EncodeRecord(const ports::JournalRecord& record, domain::SequenceNumber synced, std::string& out) {
  const std::size_t start = out.size();
  PutInt<std::uint32_t>(out, 0);
  PutInt(out, kRecordMagic);
  PutInt(out, static_cast<std::uint32_t>(record.bytes.size()));
  PutInt<std::uint32_t>(out, 0);
  PutInt(out, record.epoch.value());
  PutInt(out, record.first_sequence.value());
  PutInt(out, record.last_sequence.value());
  PutInt(out, synced.value());
  PutHash(out, record.previous_hash);
  PutHash(out, record.hash);
  out.append(record.bytes);
  out.resize(start + EncodedSize(record.bytes.size()), '\0');
  SetChecksum(out, start);
}

std::optional<DecodedHeader> DecodeHeader(std::string_view bytes) {
  if (bytes.size() < kRecordHeaderBytes || GetInt<std::uint32_t>(bytes, 4) != kRecordMagic) return std::nullopt;
  DecodedHeader header;
  header.crc = GetInt<std::uint32_t>(bytes, 0);
  header.payload = GetInt<std::uint32_t>(bytes, 8);
  header.record.epoch = domain::Epoch(GetInt<std::uint64_t>(bytes, 16));
  header.record.first_sequence = domain::SequenceNumber(GetInt<std::uint64_t>(bytes, 24));
  header.record.last_sequence = domain::SequenceNumber(GetInt<std::uint64_t>(bytes, 32));
  header.synced = domain::SequenceNumber(GetInt<std::uint64_t>(bytes, 40));
  header.record.previous_hash = GetHash(bytes, 48);
  header.record.hash = GetHash(bytes, 64);
  return header;
}

bool ChecksumMatches(std::string_view encoded) { return Crc32(encoded.substr(4)) == GetInt<std::uint32_t>(encoded, 0); }

std::string SegmentName(std::uint64_t index) { return absl::StrFormat("wal-%08u.log", index); }

std::uint64_t ParseSegmentName(std::string_view name) {
  std::uint64_t index = 0;
  if (name.size() < 9) return 0;
  const auto parsed = std::from_chars(name.data() + 4, name.data() + name.size(), index);
  return parsed.ec == std::errc() && SegmentName(index) == name ? index : 0;
}

}  // namespace xt::embedded::wal
