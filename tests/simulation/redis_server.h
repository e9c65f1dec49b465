// RedisServer: as much of Redis as the journal uses, with what was measured of it: an answered write is in memory, on its
// way to the disk, and on the disk within a second or two (appendfsync everysec). A kill keeps what was written, a loss of
// power keeps what was synced; both begin another run id. FLUSHALL leaves nothing but the run id.
// redis_connection.cc has the client's side, in place of libs/adapters/redis' connection.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/kernel.h"

namespace xt::sim {

enum class Mistake;

class RedisServer {
 public:
  using Args = std::vector<std::string>;

  RedisServer(Kernel& kernel, Mistake mistake);

  // Begins to sync once a second.
  void Start();
  void Kill();
  void LosePower();
  void Restart();
  void FlushAll();
  // MISCONF for every write, as with a full disk.
  void RefuseWrites(bool refuse) { refuses_ = refuse; }
  void SlowSync(Nanos takes) { sync_takes_ = takes; }

  [[nodiscard]] bool up() const { return up_; }
  // Counts its lives: a connection belongs to one.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  // As hiredis would have it; the caller frees it.
  redisReply* Execute(const Args& args);

  struct Entry {
    std::string epoch, first, previous, bytes;
  };
  [[nodiscard]] std::map<std::uint64_t, std::shared_ptr<const Entry>> entries() const { return data_.entries; }

 private:
  struct Data {
    bool exists = false;
    std::string uuid, token, opened, sequence, hash;
    std::map<std::uint64_t, std::shared_ptr<const Entry>> entries;
  };

  redisReply* Eval(const Args& args);
  redisReply* Init(const Args& args);
  redisReply* Append(const Args& args);
  [[nodiscard]] bool MayWrite(const std::string& token) const;
  redisReply* CutTail(const Args& args);
  redisReply* Range(const Args& args);
  void Sync();

  Kernel& kernel_;
  const Mistake mistake_;
  bool up_ = true;
  bool refuses_ = false;
  std::uint64_t life_ = 1;
  std::string run_id_;
  Nanos sync_takes_ = 0;
  Data data_;
  Data synced_;
  std::map<std::string, std::string> scripts_;  // text by digest; of this life
};

}  // namespace xt::sim
