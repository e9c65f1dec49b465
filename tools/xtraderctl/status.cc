#include "tools/xtraderctl/status.h"

#include <cstdio>
#include <future>

#include "libs/http/client.h"
#include "tools/xtraderctl/state_text.h"

namespace xt::ctl {
namespace {

constexpr std::int64_t kConnectTimeoutMs = 1'000;
constexpr std::int64_t kRequestTimeoutMs = 2'000;

InstanceState Ask(const Instance& instance) {
  http::Client client({.host = instance.host,
                       .port = instance.port,
                       .connect_timeout_ms = kConnectTimeoutMs,
                       .request_timeout_ms = kRequestTimeoutMs});
  const auto ready = client.Get("/readyz?verbose");
  // One that hangs is not waited for twice.
  return ReadInstance(instance, ready, ready.ok() ? client.Get("/metrics") : ready);
}

}  // namespace

std::vector<InstanceState> AskAll(const std::vector<Instance>& instances) {
  std::vector<std::future<InstanceState>> asked;
  for (const Instance& instance : instances) {
    asked.push_back(std::async(std::launch::async, [&instance] { return Ask(instance); }));
  }
  std::vector<InstanceState> states;
  for (auto& answer : asked) states.push_back(answer.get());
  return states;
}

int Status(const std::vector<Instance>& instances, bool json) {
  const ClusterState cluster = Assess(AskAll(instances));
  std::fputs((json ? StateJson(cluster) : StateTable(cluster)).c_str(), stdout);
  std::fflush(stdout);
  for (const std::string& problem : cluster.problems) std::fprintf(stderr, "xtraderctl: %s\n", problem.c_str());
  return cluster.problems.empty() ? 0 : 1;
}

}  // namespace xt::ctl
