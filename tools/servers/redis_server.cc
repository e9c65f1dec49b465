#include "tools/servers/redis_server.h"

#include <filesystem>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"

namespace xt::servers {
namespace {

constexpr char kConfigName[] = "redis.conf";

// Whether it answers PING: while it reads its append-only file it accepts connections but serves nothing.
bool AnswersPing(std::uint16_t port) {
  constexpr std::string_view kPong = "+PONG";
  return Ask(port, "PING\r\n", kPong.size()).starts_with(kPong);
}

}  // namespace

RedisServer::RedisServer(Kind kind, std::string folder, std::uint16_t port)
    : RedisServer(kind, std::move(folder), port, Options()) {}

RedisServer::RedisServer(Kind kind, std::string folder, std::uint16_t port, Options options)
    : ServerProcess(kind == Kind::kJournal ? "redis-journal" : "redis", std::move(folder), port),
      kind_(kind),
      options_(std::move(options)) {}

absl::Status RedisServer::Prepare(Command& command) {
  const std::string program = FindProgram("redis-server");
  if (program.empty()) return absl::NotFoundError("redis-server is not installed");
  // The append-only file carries everything; snapshots would only cost memory and disk. With everysec a crash can lose about
  // the last two seconds: the journal has a second copy, and executions are published again.
  WriteFile(kConfigName,
            absl::StrCat("bind 127.0.0.1\nport ", port(), "\ndir ", std::filesystem::absolute(folder()).string(),
                         "\nsave \"\"\nappendonly yes\nappendfsync ", options_.fsync_always ? "always" : "everysec",
                         "\nno-appendfsync-on-rewrite no\n"
                         "auto-aof-rewrite-min-size 64mb\ndatabases 1\nmaxclients 512\nmaxmemory ",
                         options_.max_memory_mb, "mb\nmaxmemory-policy ",
                         kind_ == Kind::kJournal ? "noeviction" : "volatile-ttl", "\n"));
  command.argv = {program, absl::StrCat(folder(), "/", kConfigName)};
  command.options.environment = options_.environment;
  return absl::OkStatus();
}

bool RedisServer::Serves() { return AnswersPing(port()); }

}  // namespace xt::servers
