// RedisServer: a real Redis of our own. Two kinds: the journal's, which must never forget anything (no snapshots but the
// append-only file, nothing is evicted), and the general one for executions and the edge's state (what has a time to
// live may be evicted; streams have none, so they never are).
#pragma once

#include <string>
#include <vector>

#include "tools/servers/server_process.h"

namespace xt::servers {

class RedisServer final : public ServerProcess {
 public:
  enum class Kind { kJournal, kGeneral };
  struct Options {
    int max_memory_mb = 256;               // beyond it writes are refused (OOM)
    bool fsync_always = false;             // every write is on the disk before it is answered; else once a second
    std::vector<std::string> environment;  // "NAME=value", besides what this program has
  };

  // `port` 0: a free one.
  RedisServer(Kind kind, std::string folder, std::uint16_t port = 0);
  RedisServer(Kind kind, std::string folder, std::uint16_t port, Options options);

 protected:
  absl::Status Prepare(Command& command) override;
  bool Serves() override;

 private:
  const Kind kind_;
  const Options options_;
};

}  // namespace xt::servers
