// Real Redis servers for tests: one per test program, whose wall clock the tests move, and others of their own for tests
// that kill, pause or damage one; and short ways to look into a server from outside of the adapter.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "libs/adapters/redis/internal/redis_connection.h"
#include "tests/contract/contract_support.h"
#include "tools/servers/redis_server.h"

namespace xt::contract {

inline redis::RedisConfig ConfigOf(const servers::RedisServer& server, std::int64_t timeout_ms = 30'000) {
  redis::RedisConfig config;
  config.port = server.port();
  config.connect_timeout_ms = config.command_timeout_ms = timeout_ms;
  return config;
}

// A server in a folder of its own.
class OwnRedis {
 public:
  explicit OwnRedis(servers::RedisServer::Kind kind, servers::RedisServer::Options options = {})
      : server_(kind, folder_.path(), 0, std::move(options)) {
    Start();
  }
  servers::RedisServer& server() { return server_; }
  [[nodiscard]] redis::RedisConfig Config(std::int64_t timeout_ms = 30'000) const {
    return ConfigOf(server_, timeout_ms);
  }

  void Start() {
    const absl::Status status = server_.Start();
    if (!status.ok()) {
      ADD_FAILURE() << status;
      std::abort();  // never skipped
    }
  }
  // Until all that was answered is in its file: while a sync is under way Redis answers before it writes.
  void AwaitWritten() const {
    redis::RedisConnection connection(Config());
    EXPECT_TRUE(Eventually([&] {
      const auto info = connection.Run({"INFO", "persistence"});
      return info.ok() && redis::Text(**info).find("\r\naof_buffer_length:0\r\n") != std::string_view::npos;
    })) << "Redis does not write its file";
  }
  // By SIGKILL, which loses nothing then that was answered before.
  void Kill() {
    AwaitWritten();
    server_.Kill();
  }
  void KillAndRestart() {
    Kill();
    Start();
  }
  // As after a power loss: the last `bytes` of the append-only file never reached the disk.
  void KillAndLose(std::uint64_t bytes) {
    Kill();
    for (const auto& file : std::filesystem::directory_iterator(folder_.path() + "/appendonlydir")) {
      if (file.path().string().find(".incr.aof") == std::string::npos) continue;
      std::filesystem::resize_file(file.path(), file.file_size() - bytes);
    }
    Start();
  }

 private:
  TemporaryFolder folder_;
  servers::RedisServer server_;
};

// The server that tests share, and its clock.
class SharedRedis {
 public:
  static SharedRedis& Instance() {
    static SharedRedis shared;
    return shared;
  }
  [[nodiscard]] redis::RedisConfig Config() const { return redis_->Config(); }
  void PassTime(std::chrono::milliseconds time) { *clock_us_ += time.count() * 1'000; }
  // A name that no other test has.
  std::string NewName() { return absl::StrCat("test-", ++names_); }

 private:
  SharedRedis() {
    const std::string file = folder_.path() + "/clock";
    const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || ::ftruncate(fd, sizeof(std::int64_t)) != 0) std::abort();
    void* const page = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) std::abort();
    ::close(fd);
    clock_us_ = static_cast<std::atomic<std::int64_t>*>(page);
    *clock_us_ = 1'700'000'000'000'000;
    servers::RedisServer::Options options;
    options.environment = {absl::StrCat("LD_PRELOAD=", XT_MANUAL_CLOCK_PRELOAD), "XT_MANUAL_CLOCK=" + file};
    redis_ = std::make_unique<OwnRedis>(servers::RedisServer::Kind::kGeneral, std::move(options));
  }

  TemporaryFolder folder_;
  std::atomic<std::int64_t>* clock_us_ = nullptr;
  std::unique_ptr<OwnRedis> redis_;
  int names_ = 0;
};

// One command and its reply, which must be good.
inline redis::Reply MustRun(const redis::RedisConfig& config, const redis::RedisConnection::Args& args) {
  auto reply = redis::RedisConnection(config).Run(args);
  EXPECT_TRUE(reply.ok()) << args[0] << ": " << reply.status();
  return reply.ok() ? *std::move(reply) : redis::Reply();
}
inline std::string TextOf(const redis::RedisConfig& config, const redis::RedisConnection::Args& args) {
  const redis::Reply reply = MustRun(config, args);
  return reply ? std::string(redis::Text(*reply)) : "";
}
inline std::int64_t NumberOf(const redis::RedisConfig& config, const redis::RedisConnection::Args& args) {
  const redis::Reply reply = MustRun(config, args);
  return reply ? redis::Integer(*reply) : -1;
}
inline std::string RunId(const redis::RedisConfig& config) {
  const std::string info = TextOf(config, {"INFO", "server"});
  const std::size_t at = info.find("run_id:");
  return at == std::string::npos ? "" : info.substr(at + 7, 40);
}

}  // namespace xt::contract
