// xt-order: one signed order from the command line. See arguments.cc for the commands.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "libs/base/clock.h"
#include "libs/http/client.h"
#include "tools/xt-order/arguments.h"
#include "tools/xt-order/order_client.h"

namespace {

constexpr int kRefused = 1;
constexpr int kBadUsage = 2;

int Fail(int status, const std::string& message) {
  std::fprintf(stderr, "xt-order: %s\n", message.c_str());
  return status;
}

// One message a line, until the exchange or Ctrl-C ends it.
int Watch(const xt::order::Arguments& arguments, const xt::order::Target& target) {
  constexpr std::int64_t kPatienceMs = 3'600'000;
  xt::http::WebSocketClient stream;
  const absl::Status connected = stream.Connect(target.host, target.port, arguments.target);
  if (!connected.ok()) return Fail(kRefused, "no stream: " + std::string(connected.message()));
  while (true) {
    const auto message = stream.Read(kPatienceMs);
    if (absl::IsDeadlineExceeded(message.status())) continue;
    if (!message.ok()) return Fail(kRefused, "the stream ended: " + stream.close_reason());
    std::printf("%s\n", message->data.c_str());
    std::fflush(stdout);
  }
}

int Run(const xt::order::Arguments& arguments) {
  const std::string path = arguments.data + "/ready.json";
  std::ifstream file(path);
  if (!file) return Fail(kRefused, "cannot read " + path + "; is the exchange running (./dev run)?");
  std::ostringstream ready;
  ready << file.rdbuf();
  const auto target = xt::order::ReadTarget(ready.str(), arguments.account);
  if (!target.ok()) return Fail(kRefused, path + ": " + std::string(target.status().message()));

  if (arguments.watch) return Watch(arguments, *target);
  const std::int64_t now_ms = xt::SystemClock::Instance().WallNs() / 1'000'000;
  const xt::http::Request request = xt::order::SignRequest(arguments, *target, now_ms);
  std::printf("%s\n", xt::order::ShowRequest(request, *target).c_str());
  std::fflush(stdout);
  xt::http::Client client({.host = target->host, .port = target->port});
  const auto response = client.Send(request);
  if (!response.ok()) return Fail(kRefused, "no answer: " + std::string(response.status().message()));
  std::printf("%s", xt::order::ShowResponse(*response).c_str());
  return response->status >= 200 && response->status < 300 ? 0 : kRefused;
}

}  // namespace

int main(int argc, char** argv) {
  const auto arguments = xt::order::ParseArguments(std::vector<std::string>(argv + 1, argv + argc));
  if (!arguments.ok()) {
    return Fail(kBadUsage, std::string(arguments.status().message()) + "\n\n" + std::string(xt::order::Usage()));
  }
  if (arguments->help) return std::fputs(std::string(xt::order::Usage()).c_str(), stdout) < 0 ? kRefused : 0;
  return Run(*arguments);
}
