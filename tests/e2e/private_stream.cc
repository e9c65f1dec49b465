#include "tests/e2e/private_stream.h"

#include <chrono>

namespace xt::test {
namespace {

using nlohmann::json;

constexpr std::int64_t kPatienceMs = 60'000;

}  // namespace

bool PrivateStream::Connect(const Standalone& exchange, std::size_t account) {
  if (!stream_.Connect("127.0.0.1", PortOf(exchange.rest()), "/ws/exchange?channels=trade.BTC-KRW").ok()) return false;
  const Credentials credentials = exchange.account(account);
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const std::string signature = Sign(credentials.secret, std::to_string(now_ms) + "LOGON" + credentials.api_key);
  const json params{{"apiKey", credentials.api_key}, {"timestamp", now_ms}, {"signature", signature}};
  if (!stream_.Send(json{{"method", "LOGON"}, {"params", params}, {"id", 1}}.dump()).ok()) return false;
  while (const auto message = Read()) {
    if (message->value("type", "") == "result") return true;
    if (message->value("type", "") == "error") return false;
  }
  return false;
}

std::optional<json> PrivateStream::Read() {
  const auto message = stream_.Read(kPatienceMs);
  if (!message.ok()) return std::nullopt;
  return json::parse(message->data, nullptr, /*allow_exceptions=*/false);
}

std::optional<json> PrivateStream::Await(const std::string& order_id, const std::string& execution_type) {
  const auto wanted = [&](const json& report) {
    return report.at("orderId") == order_id && report.at("executionType") == execution_type;
  };
  for (const json& report : executions_) {
    if (wanted(report)) return report;
  }
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (std::chrono::steady_clock::now() < deadline) {
    const auto message = Read();
    if (!message) return std::nullopt;
    if (message->value("type", "") != "execution") continue;
    executions_.push_back(*message);
    if (wanted(executions_.back())) return executions_.back();
  }
  return std::nullopt;
}

}  // namespace xt::test
