// The bytes of the journal's segment files, little-endian.
//
// Segment header, 64 bytes: u32 crc (of what follows), u32 magic, u32 version, u32 zero, u64 index, u64 capacity (bytes
// of the whole file), 32 bytes of uuid text (hex digits). Records follow, each at a multiple of 8:
//   u32 crc (of everything behind it, padding included), u32 magic, u32 length of `bytes`, u32 zero, u64 epoch,
//   u64 first sequence, u64 last sequence, u64 synced sequence (what was durable when this group was written),
//   16 bytes previous hash, 16 bytes hash, `bytes`, zeros up to a multiple of 8.
// The rest of a segment is zeros. Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "libs/ports/command_journal.h"

namespace xt::embedded::wal {

inline constexpr std::uint32_t kRecordMagic = 0x52575458;   // "XTWR"
inline constexpr std::uint32_t kSegmentMagic = 0x53575458;  // "XTWS"
inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kSegmentHeaderBytes = 64;
inline constexpr std::size_t kRecordHeaderBytes = 80;
inline constexpr std::size_t kAlignment = 8;

// Bytes that a record with this many payload bytes takes in a segment.
constexpr std::uint64_t EncodedSize(std::uint64_t payload) {
  return (kRecordHeaderBytes + payload + kAlignment - 1) / kAlignment * kAlignment;
}

std::string EncodeSegmentHeader(std::uint64_t index, std::uint64_t capacity, std::string_view uuid);
// The capacity, when the bytes are the header of this segment of this journal.
std::optional<std::uint64_t> ParseSegmentHeader(std::string_view bytes, std::uint64_t index, std::string_view uuid);

// Appends the encoded record to `out`, whose size is a multiple of 8.
void EncodeRecord(const ports::JournalRecord& record, domain::SequenceNumber synced, std::string& out);

struct DecodedHeader {
  std::uint32_t crc = 0;
  std::uint32_t payload = 0;
  domain::SequenceNumber synced;
  ports::JournalRecord record;  // without bytes
};
// The header when the magic is there, whatever the checksum says.
std::optional<DecodedHeader> DecodeHeader(std::string_view bytes);
// Whether `encoded`, a whole record, has the checksum that its header tells.
bool ChecksumMatches(std::string_view encoded);

std::string SegmentName(std::uint64_t index);
// 0 when the name is not a segment's.
std::uint64_t ParseSegmentName(std::string_view name);

}  // namespace xt::embedded::wal
