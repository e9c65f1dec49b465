#include "tests/simulation/redis_server.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "libs/adapters/redis/internal/journal_scripts.h"
#include "libs/base/hash.h"
#include "tests/simulation/world.h"

namespace xt::sim {
namespace {

redisReply* NewReply(int type) {
  auto* const reply = static_cast<redisReply*>(std::calloc(1, sizeof(redisReply)));
  reply->type = type;
  return reply;
}
redisReply* Text(int type, const std::string& text) {
  redisReply* const reply = NewReply(type);
  reply->len = text.size();
  reply->str = static_cast<char*>(std::malloc(text.size() + 1));
  std::memcpy(reply->str, text.c_str(), text.size() + 1);
  return reply;
}
redisReply* Bulk(const std::string& text) { return Text(REDIS_REPLY_STRING, text); }
redisReply* Ok() { return Text(REDIS_REPLY_STATUS, "OK"); }
redisReply* Error(const std::string& text) { return Text(REDIS_REPLY_ERROR, text); }
redisReply* Array(const std::vector<redisReply*>& elements) {
  redisReply* const reply = NewReply(REDIS_REPLY_ARRAY);
  reply->elements = elements.size();
  reply->element = static_cast<redisReply**>(std::malloc(elements.size() * sizeof(redisReply*) + 1));
  for (std::size_t i = 0; i < elements.size(); ++i) reply->element[i] = elements[i];
  return reply;
}

redisReply* EntryReply(const RedisServer::Entry& entry) {
  return Array({Bulk(std::to_string(entry.last) + "-0"),
                Array({Bulk("e"), Bulk(entry.epoch), Bulk("n"), Bulk(entry.first), Bulk("p"), Bulk(entry.previous),
                       Bulk("f"), Bulk(entry.bytes)})});
}

bool Less(const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

std::string RandomHex(Rng& rng, int digits) {
  std::string text;
  for (int i = 0; i < digits; ++i) text.push_back("0123456789abcdef"[rng.Below(16)]);
  return text;
}

}  // namespace

RedisServer::RedisServer(Kernel& kernel, Mistake mistake)
    : kernel_(kernel), mistake_(mistake), run_id_(RandomHex(kernel.rng(), 40)) {}

void RedisServer::Start() {
  kernel_.At(kSecond, [this] { Sync(); });
}

// What was there when it began is on the disk when it ends.
void RedisServer::Sync() {
  if (up_) {
    const auto data = std::make_shared<Data>(data_);
    kernel_.At(sync_takes_, [this, data, life = life_] {
      if (life == life_) synced_ = *data;
    });
  }
  kernel_.At(kSecond + sync_takes_, [this] { Sync(); });
}

void RedisServer::Kill() {
  up_ = false;
  ++life_;
  // While the disk is busy writes are postponed for up to two seconds.
  if (sync_takes_ > 0) data_ = synced_;
}

void RedisServer::LosePower() {
  up_ = false;
  ++life_;
  data_ = synced_;
}

void RedisServer::Restart() {
  if (up_) return;
  up_ = true;
  synced_ = data_;
  scripts_.clear();
  if (mistake_ != Mistake::kAnyRunId) run_id_ = RandomHex(kernel_.rng(), 40);
}

void RedisServer::FlushAll() {
  data_ = {};
  synced_ = {};
}

redisReply* RedisServer::Execute(const Args& args) {
  const std::string& command = args[0];
  if (command == "INFO") return Bulk("# Server\r\nredis_version:7.0.15\r\nrun_id:" + run_id_ + "\r\n");
  if (command == "HGET") return data_.exists ? Bulk(data_.token) : NewReply(REDIS_REPLY_NIL);
  if (command == "SCRIPT") {
    const std::string digest = HashBytes(args[2]).ToHex();
    scripts_[digest] = args[2];
    return Bulk(digest);
  }
  if (command == "EVALSHA") return Eval(args);
  if (command == "HMGET") return Array({Bulk(data_.base), Bulk(data_.base_hash), Bulk(data_.base_epoch)});
  if (command == "XRANGE") return Range(args);
  if (command == "XREVRANGE") return LastUpTo(args);
  return Error("ERR unknown command '" + command + "'");
}

redisReply* RedisServer::Eval(const Args& args) {
  const auto script = scripts_.find(args[1]);
  if (script == scripts_.end()) return Error("NOSCRIPT No matching script. Please use EVAL.");
  if (refuses_ != 0 && kernel_.rng().Chance(refuses_)) return Error("MISCONF Errors writing to the AOF file");
  const Args rest(args.begin() + 5, args.end());
  if (script->second == redis::scripts::kInit.text) return Init(rest);
  if (script->second == redis::scripts::kSetAside.text) return SetAside(rest);
  if (script->second == redis::scripts::kAppend.text) return Append(rest);
  if (script->second == redis::scripts::kTrimFront.text) return TrimFront(rest);
  if (script->second == redis::scripts::kBeginAt.text) return BeginAt(rest);
  return CutTail(rest);
}

redisReply* RedisServer::Init(const Args& args) {
  if (data_.exists && mistake_ != Mistake::kNoFence) {
    if (!Less(data_.token, args[0])) return Error("FENCED " + data_.token);
    if (Less(args[1], data_.opened)) return Error("FENCED " + data_.token);
  }
  if (!data_.exists) {
    data_ = {};
    data_.exists = true;
    data_.uuid = args[2];
  }
  data_.token = args[0];
  data_.opened = args[1];
  return Array({Bulk(run_id_), Bulk(data_.uuid), Bulk(data_.sequence), Bulk(data_.hash), Bulk(data_.base),
                Bulk(data_.base_hash), Bulk(data_.base_epoch)});
}

// What was there is not kept.
redisReply* RedisServer::SetAside(const Args& args) {
  if (data_.exists && mistake_ != Mistake::kNoFence && Less(args[0], data_.opened)) {
    return Error("FENCED " + data_.token);
  }
  const std::string token = data_.exists ? data_.token : "0";
  data_ = {};
  data_.exists = true;
  data_.uuid = args[1];
  data_.token = token;
  data_.opened = args[0];
  return Bulk("aside");
}

bool RedisServer::MayWrite(const std::string& token) {
  if (token != data_.token && on_late_write_) kernel_.At(0, on_late_write_);
  if (mistake_ == Mistake::kNoFence) return true;
  if (mistake_ == Mistake::kNoGeneration) return std::stoull(token) >> 20 == std::stoull(data_.token) >> 20;
  return token == data_.token;
}

redisReply* RedisServer::Append(const Args& args) {
  if (!data_.exists) return Error("DAMAGED the journal is gone");
  if (!MayWrite(args[0])) return Error("FENCED " + data_.token);
  const bool follows = data_.sequence == args[1] && data_.hash == args[2];
  if (mistake_ != Mistake::kNoCompare && !follows) return Error("GAP " + data_.sequence);
  if (!Less(data_.sequence, args[3])) return Error("ERR The ID specified in XADD is equal or smaller");
  data_.entries.push_back(
      std::make_shared<const Entry>(Entry{std::stoull(args[3]), args[5], args[6], args[2], args[7]}));
  data_.sequence = args[3];
  data_.hash = args[4];
  return Ok();
}

redisReply* RedisServer::CutTail(const Args& args) {
  if (!data_.exists) return Error("DAMAGED the journal is gone");
  if (!MayWrite(args[0])) return Error("FENCED " + data_.token);
  const std::uint64_t keep = std::stoull(args[1]);
  while (!data_.entries.empty() && data_.entries.back()->last > keep) data_.entries.pop_back();
  data_.sequence = args[1];
  data_.hash = args[2];
  return Ok();
}

redisReply* RedisServer::TrimFront(const Args& args) {
  if (!data_.exists) return Error("DAMAGED the journal is gone");
  if (!MayWrite(args[0])) return Error("FENCED " + data_.token);
  data_.base = args[1];
  data_.base_hash = args[2];
  data_.base_epoch = args[3];
  const std::uint64_t lowest = std::stoull(args[4]);
  std::erase_if(data_.entries, [&](const auto& entry) { return entry->last < lowest; });
  return Ok();
}

redisReply* RedisServer::BeginAt(const Args& args) {
  if (!data_.exists) return Error("DAMAGED the journal is gone");
  if (!MayWrite(args[0])) return Error("FENCED " + data_.token);
  data_.entries.clear();
  data_.sequence = data_.base = args[1];
  data_.hash = data_.base_hash = args[2];
  data_.base_epoch = args[3];
  return Ok();
}

// XREVRANGE with COUNT 1.
redisReply* RedisServer::LastUpTo(const Args& args) {
  const std::uint64_t upto = std::stoull(args[2]);
  const std::uint64_t behind = std::stoull(args[3].substr(1));
  const auto above = std::ranges::upper_bound(data_.entries, upto, {}, [](const auto& entry) { return entry->last; });
  if (above == data_.entries.begin() || (*std::prev(above))->last <= behind) return Array({});
  return Array({EntryReply(**std::prev(above))});
}

redisReply* RedisServer::Range(const Args& args) {
  const bool open = args[2][0] == '(';
  const std::uint64_t from = args[2] == "-" ? 0 : std::stoull(args[2].substr(open ? 1 : 0)) + (open ? 1 : 0);
  const std::uint64_t to = args[3] == "+" ? UINT64_MAX : std::stoull(args[3]);
  const std::size_t most = args.size() > 5 ? std::stoull(args[5]) : SIZE_MAX;
  std::vector<redisReply*> found;
  auto it = std::ranges::lower_bound(data_.entries, from, {}, [](const auto& entry) { return entry->last; });
  for (; it != data_.entries.end() && (*it)->last <= to && found.size() < most; ++it) {
    found.push_back(EntryReply(**it));
  }
  return Array(found);
}

}  // namespace xt::sim
