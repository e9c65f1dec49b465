// Event entries whose payload tells their sequence. Shared by the tests of logs and streams.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "libs/ports/event_log.h"

namespace xt::contract {

inline ports::EventEntry Entry(std::uint64_t sequence, const std::string& text = "") {
  return {domain::SequenceNumber(sequence),
          std::make_shared<const std::string>(text.empty() ? "events of " + std::to_string(sequence) : text)};
}

inline std::vector<ports::EventEntry> Entries(std::uint64_t first, std::uint64_t last) {
  std::vector<ports::EventEntry> entries;
  for (std::uint64_t sequence = first; sequence <= last; ++sequence) entries.push_back(Entry(sequence));
  return entries;
}

inline std::vector<std::uint64_t> Numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t n = first; n <= last; ++n) numbers.push_back(n);
  return numbers;
}

// Their sequences; checks that the payloads are those of Entry.
inline std::vector<std::uint64_t> Sequences(const absl::StatusOr<std::vector<ports::EventEntry>>& entries) {
  EXPECT_TRUE(entries.ok()) << entries.status();
  std::vector<std::uint64_t> sequences;
  if (!entries.ok()) return sequences;
  for (const ports::EventEntry& entry : *entries) {
    sequences.push_back(entry.sequence.value());
    EXPECT_EQ(*entry.payload, "events of " + std::to_string(entry.sequence.value()));
  }
  return sequences;
}

}  // namespace xt::contract
