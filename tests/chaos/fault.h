// Fault: one thing that goes wrong, put in and taken away again. The table in faults.cc has all of them; a run makes a new
// object of a fault for each time that it is injected. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/chaos/world.h"

namespace xt::chaos {

class Fault {
 public:
  virtual ~Fault() = default;
  // An error says that it could not be injected, which fails the run.
  virtual absl::Status Inject(World& world) = 0;
  // What ends it, for faults that do not end by themselves.
  virtual absl::Status Heal(World& world) = 0;
  // Once it is healed, and again until it holds: what has to hold besides the promises to clients. Empty, or what does
  // not.
  virtual std::string WhatDoesNotHold(World& world) = 0;
};

struct FaultEntry {
  int number = 0;  // in the plan of fault injection
  std::string name;
  std::string what;                   // for people
  std::chrono::milliseconds hold{0};  // from the injection to its end
  bool destroys_data = false;         // of a copy: such faults keep a distance from each other
  std::function<std::unique_ptr<Fault>()> make;
  std::string known;  // why it is known to fail; empty when it has to pass
};

const std::vector<FaultEntry>& AllFaults();

}  // namespace xt::chaos
