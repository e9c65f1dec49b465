#include "bench/e2e/rest_driver.h"

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "bench/e2e/rest_connection.h"

namespace xt::bench {
namespace {

constexpr std::string_view kOrderTarget = "/v1/order";

struct RestingOrder {
  std::size_t account = 0;
  std::string id;
};

// One connection and what it has resting. Texts that do not change are made once.
class RestClient {
 public:
  RestClient(const RestLoad& load, const Market& market, std::size_t number, Window window)
      : load_(load),
        market_(market),
        connection_(load.port),
        flow_(market, load.seed * 1'000 + number, OrderFlow::kPreload / load.connections),
        id_prefix_("c" + std::to_string(number) + "-"),
        recorder_(window) {}

  void Run() {
    while (!recorder_.Over()) {
      Intent intent = flow_.Next();
      if (intent.operation == Operation::kCancel && resting_.empty()) intent = flow_.NextRest();
      const absl::Status status = intent.operation == Operation::kCancel ? Cancel() : Enter(intent);
      if (!status.ok()) recorder_.Fail(status.ToString());
    }
  }
  [[nodiscard]] const Recorder& recorder() const { return recorder_; }

 private:
  absl::Status Enter(const Intent& intent) {
    const std::size_t account = flow_.Choose(load_.accounts.size());
    const std::string id = id_prefix_ + std::to_string(++last_id_);
    body_ = BodyWithoutId(intent);
    body_.append(id).append("\"}");
    if (absl::Status status = Exchange("POST", kOrderTarget, account, Operation::kRest); !status.ok()) return status;
    if (connection_.status() != 200) return absl::OkStatus();
    if (TextOf(connection_.body(), "\"clientOrderId\"") != id)
      return absl::InternalError("the answer is to another order");
    const std::string_view order_id = TextOf(connection_.body(), "\"orderId\"");
    std::uint64_t number = 0;
    if (!absl::SimpleAtoi(absl::string_view(order_id.data(), order_id.size()), &number)) {
      return absl::InternalError("an answer without an order id");
    }
    recorder_.Accepted(number);
    if (flow_.IsForCancel(intent)) resting_.push_back({account, std::string(order_id)});
    return absl::OkStatus();
  }

  // The newest: most likely it still rests.
  absl::Status Cancel() {
    const RestingOrder order = std::move(resting_.back());
    resting_.pop_back();
    body_.clear();
    return Exchange("DELETE", std::string(kOrderTarget) + "/" + order.id, order.account, Operation::kCancel);
  }

  absl::Status Exchange(std::string_view method, std::string_view target, std::size_t account, Operation operation) {
    WriteRequest(method, target, load_.accounts[account]);
    const std::int64_t sent_ns = NowNs();
    if (absl::Status status = connection_.Exchange(request_); !status.ok()) return status;
    const std::int64_t received_ns = NowNs();
    recorder_.Answered(sent_ns, received_ns);
    if (connection_.status() == 200) return absl::OkStatus();
    recorder_.Refused(operation, TextOf(connection_.body(), "\"code\""), received_ns);
    return absl::OkStatus();
  }

  void WriteRequest(std::string_view method, std::string_view target, const test::Credentials& account) {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    const std::string timestamp = std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    signed_ = timestamp;
    signed_.append(method).append(target).append(body_);
    request_.assign(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: 127.0.0.1\r\nX-XT-KEY: ");
    request_.append(account.api_key).append("\r\nX-XT-TIMESTAMP: ").append(timestamp);
    request_.append("\r\nX-XT-SIGNATURE: ").append(test::Sign(account.secret, signed_));
    if (!body_.empty()) {
      request_.append("\r\nContent-Type: application/json\r\nContent-Length: ").append(std::to_string(body_.size()));
    }
    request_.append("\r\n\r\n").append(body_);
  }

  const std::string& BodyWithoutId(const Intent& intent) {
    std::string& body = bodies_[{intent.buy, intent.price_ticks, intent.quantity_lots}];
    if (!body.empty()) return body;
    body = "{\"symbol\":\"" + market_.symbol + "\",\"side\":\"" + (intent.buy ? "BUY" : "SELL") +
           "\",\"type\":\"LIMIT\",\"timeInForce\":\"" + (intent.operation == Operation::kCross ? "IOC" : "GTC") +
           "\",\"selfTradePrevention\":\"NONE\",\"price\":\"" + market_.PriceText(intent.price_ticks) +
           "\",\"quantity\":\"" + market_.QuantityText(intent.quantity_lots) + "\",\"clientOrderId\":\"";
    return body;
  }

  const RestLoad& load_;
  const Market& market_;
  RestConnection connection_;
  OrderFlow flow_;
  const std::string id_prefix_;
  Recorder recorder_;
  // A side and price tell apart resting and crossing orders, but for the edge of the band: there the side differs.
  std::map<std::tuple<bool, std::int64_t, std::int64_t>, std::string> bodies_;
  std::vector<RestingOrder> resting_;
  std::uint64_t last_id_ = 0;
  std::string body_;
  std::string signed_;
  std::string request_;
};

}  // namespace

Recorder DriveRest(const RestLoad& load, const Market& market, Window window) {
  std::vector<std::unique_ptr<RestClient>> clients;
  for (std::size_t i = 0; i < load.connections; ++i) {
    clients.push_back(std::make_unique<RestClient>(load, market, i, window));
  }
  {
    std::vector<std::jthread> threads;
    for (const auto& client : clients) threads.emplace_back([&client] { client->Run(); });
  }
  Recorder all(window);
  for (const auto& client : clients) all.Merge(client->recorder());
  return all;
}

}  // namespace xt::bench
