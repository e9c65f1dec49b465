#include "services/standalone/ready_text.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace xt::standalone {
namespace {

constexpr std::size_t kShownAccounts = 2;
constexpr std::string_view kDefaultFolder = ".xtrader";

std::string WebSocketUrl(const std::string& rest_url) { return "ws" + rest_url.substr(rest_url.find(':')); }

}  // namespace

std::string ReadyJson(const std::string& rest_url, const runtime::Endpoints& endpoints,
                      const std::vector<bootstrap::DemoAccount>& accounts) {
  nlohmann::ordered_json ready{{"rest", rest_url},       {"ws", WebSocketUrl(rest_url)},
                               {"grpc", endpoints.grpc}, {"metrics", {endpoints.admin + "/metrics"}},
                               {"pid", ::getpid()},      {"accounts", nlohmann::ordered_json::array()}};
  for (const bootstrap::DemoAccount& account : accounts) {
    ready["accounts"].push_back({{"account", account.name}, {"apiKey", account.api_key}, {"secret", account.secret}});
  }
  return ready.dump(2) + "\n";
}

std::string Summary(const std::string& rest_url, const runtime::Endpoints& endpoints,
                    const std::vector<bootstrap::DemoAccount>& accounts, const std::string& data_folder,
                    const std::string& log_file) {
  std::string text = "\nxTrader serves.\n\n";
  text += "  REST       " + rest_url + "   (" + rest_url + "/openapi.json)\n";
  text += "  WebSocket  " + WebSocketUrl(rest_url) + "/ws/exchange\n";
  text += "  gRPC       " + endpoints.grpc + "\n";
  text += "  metrics    " + endpoints.admin + "/metrics\n";
  text += "  data       " + data_folder + "\n";
  text += "  log        " + (log_file.empty() ? std::string("stderr") : log_file) + "\n\n";
  for (std::size_t i = 0; i < std::min(accounts.size(), kShownAccounts); ++i) {
    text += "  " + accounts[i].name + "     key " + accounts[i].api_key + "  secret " + accounts[i].secret + "\n";
  }
  if (accounts.size() < kShownAccounts) return text + "\nCtrl-C ends it.\n";
  const bool is_default = data_folder == kDefaultFolder || data_folder.ends_with("/" + std::string(kDefaultFolder));
  const std::string order = is_default ? "./dev order " : "./dev order --data " + data_folder + " ";
  text += "\nA first trade, from other terminals:\n\n";
  text += "  " + order + "watch trade.BTC-KRW        (shows it; Ctrl-C ends it)\n";
  text += "  " + order + "--account " + accounts[0].name + " sell 0.5 BTC-KRW @ 100000000\n";
  text += "  " + order + "--account " + accounts[1].name + " buy 0.2 BTC-KRW @ 100000000\n";
  return text + "\nCtrl-C ends it.\n";
}

}  // namespace xt::standalone
