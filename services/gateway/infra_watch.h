// InfraWatch: asks the other processes again and again which servers they use and how these are, and keeps one picture
// of it: what /api/ws/infra-health shows. A server is what the worst of those says who use it; one that nobody uses is
// off, or unknown while somebody does not answer, or only standbys do. `since` is when this gateway first saw the
// status. One thread; Now from any.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/base/clock.h"
#include "libs/ports/infra_status.h"
#include "services/gateway/infra_health.h"

namespace xt::gateway {

// What one process answered; `name` is for people.
struct InfraReport {
  std::string name;
  absl::StatusOr<std::vector<ports::ServerState>> servers;
};

// The picture that the reports give together; `since_ms` is left 0.
InfraHealth SummarizeInfra(const std::vector<InfraReport>& reports);

class InfraWatch {
 public:
  struct Source {
    std::string name;
    std::unique_ptr<ports::InfraStatus> status;
  };

  InfraWatch(std::vector<Source> sources, const Clock& clock);
  ~InfraWatch();
  InfraWatch(const InfraWatch&) = delete;
  InfraWatch& operator=(const InfraWatch&) = delete;

  [[nodiscard]] InfraHealth Now() const;

 private:
  void Run();
  void Take(InfraHealth health);

  const std::vector<Source> sources_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  InfraHealth health_;
  // Of each component, and of the profile: its status, and since when.
  std::map<std::string, std::pair<std::string, std::int64_t>> since_;
  std::thread thread_;
};

}  // namespace xt::gateway
