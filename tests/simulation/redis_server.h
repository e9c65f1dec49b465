// RedisServer: as much of Redis as the journal uses, with what was measured of it: an answered write is in memory, on its
// way to the disk, and on the disk within a second or two (appendfsync everysec). A kill keeps what was written, a loss of
// power keeps what was synced; both begin another run id. FLUSHALL leaves nothing but the run id.
// redis_connection.cc has the client's side, in place of libs/adapters/redis' connection.
#pragma once

#include <hiredis/hiredis.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/kernel.h"

namespace xt::sim {

enum class Mistake;

inline constexpr std::uint64_t kAllWrites = 1'000'000;
inline constexpr char kZeroHash[] = "00000000000000000000000000000000";

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
  // MISCONF for so many of a million writes, as with a disk that is full, or nearly so.
  void RefuseWrites(std::uint64_t parts) { refuses_ = parts; }
  void SlowSync(Nanos takes) { sync_takes_ = takes; }

  // Told of a write that comes late: another connection has begun meanwhile.
  void OnLateWrite(std::function<void()> told) { on_late_write_ = std::move(told); }

  [[nodiscard]] bool up() const { return up_; }
  // Counts its lives: a connection belongs to one.
  [[nodiscard]] std::uint64_t life() const { return life_; }
  // As hiredis would have it; the caller frees it.
  redisReply* Execute(const Args& args);

  struct Entry {
    std::uint64_t last = 0;
    std::string epoch, first, previous, bytes;
  };
  using Entries = std::vector<std::shared_ptr<const Entry>>;  // ascending
  [[nodiscard]] const Entries& entries() const { return data_.entries; }
  // What was trimmed of the journal.
  [[nodiscard]] std::uint64_t base() const { return std::stoull(data_.base); }

 private:
  struct Data {
    bool exists = false;
    std::string uuid, token, opened;
    std::string sequence = "0", hash = kZeroHash;
    std::string base = "0", base_hash = kZeroHash, base_epoch = "0";
    Entries entries;
  };

  redisReply* Eval(const Args& args);
  redisReply* Init(const Args& args);
  redisReply* SetAside(const Args& args);
  redisReply* Append(const Args& args);
  [[nodiscard]] bool MayWrite(const std::string& token);
  redisReply* CutTail(const Args& args);
  redisReply* TrimFront(const Args& args);
  redisReply* BeginAt(const Args& args);
  redisReply* Range(const Args& args);
  redisReply* LastUpTo(const Args& args);
  void Sync();

  Kernel& kernel_;
  const Mistake mistake_;
  bool up_ = true;
  std::uint64_t refuses_ = 0;
  std::function<void()> on_late_write_;
  std::uint64_t life_ = 1;
  std::string run_id_;
  Nanos sync_takes_ = 0;
  Data data_;
  Data synced_;
  std::map<std::string, std::string> scripts_;  // text by digest; of this life
};

}  // namespace xt::sim
