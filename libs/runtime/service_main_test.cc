#include "libs/runtime/service_main.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "libs/http/client.h"
#include "libs/http/testing.h"

namespace xt::runtime {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

constexpr int kPatienceMs = 60'000;

std::string ReadWhole(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

// Runs the small service as a process of its own.
class ServiceMainTest : public testing::Test {
 protected:
  ServiceMainTest() {
    std::string name = testing::TempDir() + "xt_service_XXXXXX";
    folder_ = ::mkdtemp(name.data());
    EXPECT_EQ(::mkfifo(Path("notify").c_str(), 0600), 0);
    EXPECT_EQ(::mkfifo(Path("gate").c_str(), 0600), 0);
    // Opened for both, so that neither side ever blocks in open().
    notify_fd_ = ::open(Path("notify").c_str(), O_RDWR | O_CLOEXEC);
    gate_fd_ = ::open(Path("gate").c_str(), O_RDWR | O_CLOEXEC);
  }
  ~ServiceMainTest() override {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      Wait();
    }
    ::close(notify_fd_);
    ::close(gate_fd_);
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::string Path(const std::string& name) const { return folder_ + "/" + name; }

  void Spawn(std::vector<std::string> arguments, std::vector<std::string> environment = {}) {
    arguments.insert(arguments.begin(), XT_BINARY_DIR "/bin/runtime_test_service");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::vector<char*> envp;
    for (std::string& entry : environment) envp.push_back(entry.data());
    envp.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, 1, Path("stdout").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_addopen(&actions, 2, Path("stderr").c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    EXPECT_EQ(::posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), envp.data()), 0);
    ::posix_spawn_file_actions_destroy(&actions);
  }

  // The exit status, or 1000 and the signal.
  int Wait() {
    int status = 0;
    EXPECT_EQ(::waitpid(pid_, &status, 0), pid_);
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  // The next line that the service tells.
  std::string Told() {
    std::string line;
    pollfd fd{notify_fd_, POLLIN, 0};
    for (char c = 0; ::poll(&fd, 1, kPatienceMs) == 1 && ::read(notify_fd_, &c, 1) == 1 && c != '\n';) line += c;
    return line;
  }

  void OpenGate() { ASSERT_EQ(::write(gate_fd_, "x", 1), 1); }

  std::string stderr_text() { return ReadWhole(Path("stderr")); }
  std::string stdout_text() { return ReadWhole(Path("stdout")); }

  std::string folder_;
  int notify_fd_ = -1;
  int gate_fd_ = -1;
  pid_t pid_ = 0;
};

std::uint16_t PortOf(const std::string& address) {
  return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
}

http::Client AdminClient(const std::string& endpoints) {
  return http::Client(http::testing::Patient(PortOf(endpoints)));
}

TEST_F(ServiceMainTest, SigtermIsNotReadyThenDrainThenExitZero) {
  Spawn({"--test.notify", Path("notify"), "--test.gate", Path("gate"), "--drain.timeout-ms=600000"});
  const std::string endpoints = Told();
  http::Client admin = AdminClient(endpoints);
  EXPECT_EQ(admin.Get("/readyz")->status, 200);
  EXPECT_EQ(admin.Get("/startupz")->status, 200);
  EXPECT_THAT(
      admin.Get("/metrics")->body,
      AllOf(HasSubstr("build_info{service=\"test-service\""), HasSubstr("process_open_fds "),
            HasSubstr("log_messages_total{level=\"info\"}"), HasSubstr("component_up{component=\"nothing\"} 1")));

  ASSERT_EQ(::kill(pid_, SIGTERM), 0);
  EXPECT_EQ(Told(), "drain");
  EXPECT_EQ(admin.Get("/readyz")->status, 503);
  EXPECT_EQ(json::parse(admin.Get("/readyz?verbose")->body)["state"], "draining");
  EXPECT_EQ(admin.Get("/livez")->status, 200);
  ASSERT_EQ(::kill(pid_, SIGTERM), 0) << "a second one changes nothing";
  ASSERT_EQ(::kill(pid_, SIGINT), 0);
  EXPECT_EQ(admin.Get("/livez")->status, 200);
  OpenGate();
  EXPECT_EQ(Told(), "stop");
  EXPECT_EQ(Wait(), 0);

  std::vector<std::string> messages;
  std::istringstream log(stderr_text());
  for (std::string line; std::getline(log, line);) messages.push_back(json::parse(line).at("msg"));
  EXPECT_THAT(messages, testing::IsSupersetOf({"starting", "serving", "shutdown requested", "drained", "stopped"}));
}

TEST_F(ServiceMainTest, SigintEndsTheSameWay) {
  Spawn({"--test.notify", Path("notify")});
  Told();
  ASSERT_EQ(::kill(pid_, SIGINT), 0);
  EXPECT_EQ(Told(), "drain");
  EXPECT_EQ(Told(), "stop");
  EXPECT_EQ(Wait(), 0);
}

TEST_F(ServiceMainTest, ADrainThatHangsIsEnded) {
  Spawn({"--test.notify", Path("notify"), "--test.gate", Path("gate"), "--drain.timeout-ms=1"});
  Told();
  ASSERT_EQ(::kill(pid_, SIGTERM), 0);
  EXPECT_EQ(Told(), "drain");
  EXPECT_EQ(Wait(), 3);
}

TEST_F(ServiceMainTest, TheReadyFileSaysWhereItServes) {
  Spawn({"--ready-file", Path("ready.json"), "--test.exit-when-serving", "--instance=test-7"});
  const pid_t pid = pid_;
  EXPECT_EQ(Wait(), 0);
  const json ready = json::parse(ReadWhole(Path("ready.json")));
  EXPECT_EQ(ready["service"], "test-service");
  EXPECT_EQ(ready["instance"], "test-7");
  EXPECT_EQ(ready["pid"], pid);
  EXPECT_GT(PortOf(ready["grpc"]), 0);
  EXPECT_THAT(ready["admin"].get<std::string>(), testing::StartsWith("http://127.0.0.1:"));
}

TEST_F(ServiceMainTest, BadConfigurationExitsWithTwo) {
  Spawn({"--drain.timeout-ms=0"});
  EXPECT_EQ(Wait(), 2);
  EXPECT_THAT(stderr_text(), AllOf(HasSubstr("config key drain.timeout_ms = 0"), HasSubstr("flag --drain.timeout-ms")));
  Spawn({}, {"XT_NO_SUCH_KEY=1"});
  EXPECT_EQ(Wait(), 2);
  EXPECT_THAT(stderr_text(), HasSubstr("XT_NO_SUCH_KEY"));
  Spawn({"--log.file=/nonexistent/x"});
  EXPECT_EQ(Wait(), 2);
  EXPECT_THAT(stderr_text(), HasSubstr("log.file"));
}

TEST_F(ServiceMainTest, AFailedStartExitsWithOne) {
  Spawn({"--test.fail-start"});
  EXPECT_EQ(Wait(), 1);
  EXPECT_THAT(stderr_text(), HasSubstr("told to fail"));
}

TEST_F(ServiceMainTest, AFatalErrorDrainsAndExitsWithOne) {
  Spawn({"--test.fail-when-serving", "--test.notify", Path("notify")});
  Told();
  EXPECT_EQ(Told(), "drain");
  EXPECT_EQ(Told(), "stop");
  EXPECT_EQ(Wait(), 1);
  EXPECT_THAT(stderr_text(), HasSubstr("journal damaged at 7"));
}

TEST_F(ServiceMainTest, APortInUseExitsWithOneAndNamesTheKey) {
  Spawn({"--test.notify", Path("notify")});
  const std::string endpoints = Told();
  const std::string grpc_port = std::to_string(PortOf(endpoints.substr(0, endpoints.find(' '))));
  const std::string admin_port = std::to_string(PortOf(endpoints));
  const pid_t first = std::exchange(pid_, 0);
  Spawn({"--grpc-port", grpc_port});
  EXPECT_EQ(Wait(), 1);
  EXPECT_THAT(stderr_text(), HasSubstr("config key grpc.port = " + grpc_port));
  Spawn({"--admin-port", admin_port});
  EXPECT_EQ(Wait(), 1);
  EXPECT_THAT(stderr_text(), HasSubstr("config key admin.port = " + admin_port));
  pid_ = first;
  ASSERT_EQ(::kill(pid_, SIGTERM), 0);
  EXPECT_EQ(Wait(), 0);
}

TEST_F(ServiceMainTest, InformationIsPrintedToStdout) {
  Spawn({"--help"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(stdout_text(), AllOf(HasSubstr("--test.gate"), HasSubstr("--grpc.port, --grpc-port")));
  Spawn({"--version"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(stdout_text(), testing::StartsWith("test-service "));
  Spawn({"--help-markdown"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(stdout_text(), HasSubstr("| `grpc.reflection` | choice | `\"auto\"` |"));
  Spawn({"--print-config", "--grpc-port=5"});
  EXPECT_EQ(Wait(), 0);
  EXPECT_THAT(stdout_text(), HasSubstr("grpc.port = 5  # flag --grpc-port"));
}

TEST(WriteFileAtomicallyTest, ReplacesTheWholeFile) {
  const std::string path = testing::TempDir() + "xt_atomic.json";
  EXPECT_EQ(WriteFileAtomically(path, "one two"), absl::OkStatus());
  EXPECT_EQ(WriteFileAtomically(path, "three"), absl::OkStatus());
  EXPECT_EQ(ReadWhole(path), "three");
  EXPECT_FALSE(WriteFileAtomically("/nonexistent/x", "y").ok());
}

}  // namespace
}  // namespace xt::runtime
