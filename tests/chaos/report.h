// Report: what a run of faults found, as a table for people and as JSON. Plain values and functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace xt::chaos {

// One fault, each time that it was injected.
struct FaultResult {
  std::string name;
  std::string known;  // why it is known to fail
  int injected = 0;
  std::uint64_t acknowledged = 0;  // orders, from the injection until everything was healthy again
  std::uint64_t lost = 0;          // of them, those that are not stored at the sequence of their answer
  std::uint64_t doubled = 0;       // stored more than once
  std::vector<std::chrono::milliseconds> first_acknowledgement;  // from the injection
  std::vector<std::string> violations;
};

struct Report {
  unsigned seed = 0;
  std::vector<FaultResult> faults;      // in the order in which they came first
  std::vector<std::string> violations;  // of the whole run
  std::string verified;                 // what `xtraderctl verify` said in the end
  std::string kept;                     // where data and logs are; empty when they were removed

  // Added when it is not there yet.
  FaultResult& Of(const std::string& name);
  // Besides what is known to fail.
  [[nodiscard]] bool violated() const;
};

std::chrono::milliseconds MedianOf(std::vector<std::chrono::milliseconds> times);  // not empty

std::string TextOf(const Report& report);
std::string JsonOf(const Report& report);

}  // namespace xt::chaos
