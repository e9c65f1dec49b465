// What the instances say about themselves, and what follows from all of it together: who leads, how far everybody is, what
// is wrong. Pure: the answers come in as text, so that tests need no process. Plain values and functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/http/message.h"
#include "tools/xtraderctl/instances.h"

namespace xt::ctl {

// kStandby: not ready on purpose, as a sequencer that does not lead or a replica of matching that is not fed.
enum class Readiness { kReady, kStandby, kNotReady, kNoAnswer };

// A dependency of /readyz that is not ok.
struct HealthCheck {
  std::string component;
  std::string status;  // "degraded", "down"
  bool hard = false;
  std::string reason;
};

struct Role {
  std::string role;
  bool leads = false;
  std::int64_t epoch = 0;
};

// How far an instance is. The lag is unknown while no sequencer leads.
struct Position {
  std::string metric;
  std::int64_t sequence = 0;
  std::optional<std::int64_t> lag;
};

struct Consumer {
  std::string bus;
  std::string topic;
  std::string group;
  std::int64_t lag = 0;  // messages
};

struct Bus {
  std::string name;
  bool up = false;
  std::int64_t cursor = 0;        // last command that the bus has confirmed
  std::int64_t outbox_depth = 0;  // commands in the outbox that it has not
  std::optional<std::int64_t> lag;
};

struct Journal {
  bool in_sync = false;  // the second copy must confirm, so that it has everything
  std::int64_t own = 0;  // last sequence of each copy
  std::int64_t remote = 0;
  // Of another sequencer.
  struct StandbyFile {
    std::string standby;  // its address
    bool in_sync = false;
    std::int64_t sequence = 0;
  };
  std::vector<StandbyFile> standbys;
};

struct InstanceState {
  Instance instance;
  Readiness readiness = Readiness::kNoAnswer;
  std::string process;  // "starting", "serving", "draining"
  std::string error;    // of one that does not answer
  std::vector<HealthCheck> checks;
  std::vector<Role> roles;
  std::vector<Position> positions;
  std::vector<Consumer> consumers;
  std::vector<Bus> buses;          // empty but for the sequencer that leads
  std::optional<Journal> journal;  // likewise; nothing when no second copy is configured

  [[nodiscard]] bool Leads(std::string_view role) const;
};

struct ClusterState {
  std::vector<InstanceState> instances;
  // Indexes into `instances`: the one sequencer that leads.
  std::optional<std::size_t> leader;
  std::optional<std::int64_t> head;  // last sequence that it gave out
  std::vector<std::string> problems;
};

// `ready` is the answer of /readyz?verbose, `metrics` that of /metrics.
InstanceState ReadInstance(const Instance& instance, const absl::StatusOr<http::Response>& ready,
                           const absl::StatusOr<http::Response>& metrics);

ClusterState Assess(std::vector<InstanceState> instances);

}  // namespace xt::ctl
