// RedisConnection: what it makes of a connection, whatever carries it.
#include <algorithm>
#include <array>
#include <string>

#include "absl/strings/str_cat.h"
#include "libs/adapters/redis/internal/redis_connection.h"
#include "libs/base/check.h"
#include "libs/base/status.h"

namespace xt::redis {
namespace {

// Nothing was done, and what this connection knows of the server is worth nothing.
constexpr std::array<std::string_view, 6> kStrangeServer{"LOADING",    "NOSCRIPT", "READONLY",
                                                         "MASTERDOWN", "BUSY",     "NOAUTH"};
constexpr std::array<std::string_view, 2> kNoRoom{"OOM", "MISCONF"};

template <typename Words>
bool Contains(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

absl::StatusOr<Reply> RedisConnection::Run(const Args& args, std::chrono::milliseconds patience) {
  XT_RETURN_IF_ERROR(Connect());
  Queue(args);
  XT_RETURN_IF_ERROR(Flush());
  return Receive(patience);
}

absl::StatusOr<Reply> RedisConnection::Eval(const Script& script, const Args& keys, const Args& args) {
  XT_RETURN_IF_ERROR(Connect());
  XT_RETURN_IF_ERROR(Load(script));
  QueueEval(script, keys, args);
  XT_RETURN_IF_ERROR(Flush());
  return Receive();
}

absl::Status RedisConnection::Load(const Script& script) {
  if (digests_.contains(script.text)) return absl::OkStatus();
  XT_ASSIGN_OR_RETURN(const Reply digest, Run({"SCRIPT", "LOAD", script.text}));
  digests_[script.text] = std::string(Text(*digest));
  return absl::OkStatus();
}

void RedisConnection::QueueEval(const Script& script, const Args& keys, const Args& args) {
  const auto digest = digests_.find(script.text);
  XT_CHECK(digest != digests_.end(), "the script must be loaded");
  const std::string key_count = absl::StrCat(keys.size());
  Args all{"EVALSHA", digest->second, key_count};
  all.insert(all.end(), keys.begin(), keys.end());
  all.insert(all.end(), args.begin(), args.end());
  Queue(all);
}

absl::Status RedisConnection::Refused(std::string_view error) {
  const std::string_view code = error.substr(0, error.find(' '));
  if (Contains(kStrangeServer, code)) return Lost(error);
  const std::string text(error);
  return Contains(kNoRoom, code) ? absl::ResourceExhaustedError(text) : absl::FailedPreconditionError(text);
}

}  // namespace xt::redis
