#include "tests/support/replay_server.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "libs/base/check.h"
#include "libs/http/websocket.h"

namespace xt::test {
namespace {

std::vector<std::string> ReadLines(const std::string& path) {
  std::ifstream in(path);
  XT_CHECK(in.good(), path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

// "1617566591.3141" as nanoseconds; the recordings have at most nine decimals.
std::int64_t Nanoseconds(const std::string& text) {
  const auto point = text.find('.');
  std::string fraction = point == std::string::npos ? "" : text.substr(point + 1);
  fraction.resize(9, '0');
  return std::stoll(text.substr(0, point)) * 1'000'000'000 + std::stoll(fraction);
}

}  // namespace

// Queues the whole recording; the session's bound is larger than that.
class ReplayServer::Stream final : public http::WebSocketHandler {
 public:
  explicit Stream(const ReplayServer& owner) : owner_(owner) {}
  void OnOpen(const http::WebSocketSessionPtr& session) override {
    for (const auto& message : owner_.messages_)
      XT_CHECK(session->Send(message), "the recording does not fit the queue");
  }
  void OnMessage(const http::WebSocketSessionPtr&, std::string, bool) override {}
  void OnClose(const http::WebSocketSessionPtr&, std::uint16_t, std::string_view) override {}

 private:
  const ReplayServer& owner_;
};

ReplayServer::ReplayServer(const std::string& folder, std::uint16_t port) {
  std::vector<std::pair<std::int64_t, std::string>> merged;
  for (const char* name : {"depth", "aggTrade", "kline"}) {
    const std::string path = folder + "/" + name + ".20210404";
    const std::vector<std::string> lines = ReadLines(path + ".ndjson");
    const std::vector<std::string> times = ReadLines(path + ".rx");
    XT_CHECK(lines.size() == times.size(), path);
    for (std::size_t i = 0; i < lines.size(); ++i) merged.emplace_back(Nanoseconds(times[i]), lines[i]);
  }
  std::ranges::stable_sort(merged, {}, [](const auto& entry) { return entry.first; });
  for (auto& [time, line] : merged) messages_.push_back(std::make_shared<const std::string>(std::move(line)));
  for (const std::string& line : ReadLines(folder + "/rest_depth_snapshot.20210404.ndjson")) {
    const nlohmann::json snapshot = nlohmann::json::parse(line);
    snapshots_[snapshot.at("symbol")] = snapshot.at("body").dump();
  }

  http::ServerOptions options;
  options.port = port;
  server_ = std::make_unique<http::Server>(options, [this](http::Request request, http::Responder responder) {
    const auto found = snapshots_.find(request.Query("symbol").value_or(""));
    const bool known = request.path() == "/api/v3/depth" && found != snapshots_.end();
    responder.Send(
        {.status = known ? 200 : 404, .body = known ? found->second : R"({"code":-1121,"msg":"Invalid symbol."})"});
  });
  http::WebSocketOptions stream;
  stream.factory = [this](const http::Request&) { return std::make_shared<Stream>(*this); };
  stream.send_queue_bytes = 64 * 1024 * 1024;
  stream.send_queue_messages = 1'000'000;
  server_->AddWebSocket("/stream", stream);
  const absl::Status started = server_->Start();
  XT_CHECK(started.ok(), std::string(started.message()));
}

ReplayServer::~ReplayServer() { server_->Stop(); }

}  // namespace xt::test
