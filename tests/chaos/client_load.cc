#include "tests/chaos/client_load.h"

#include <algorithm>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tests/support/random_order.h"

namespace xt::chaos {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::Answer;
using test::SignedClient;

constexpr std::size_t kClients = 8;
constexpr seconds kDeadline{180};         // of an order, from the first time that it is sent
constexpr milliseconds kPause{20};        // before it is sent again
constexpr milliseconds kMostBehind{500};  // what the exchange was away is not sent all at once
constexpr int kHttpOk = 200;
constexpr int kHttpTooManyRequests = 429;
constexpr int kHttpServerError = 500;

// Every other answer is final: the client sends the order again.
bool IsFinal(const absl::StatusOr<Answer>& answer) {
  return answer.ok() && answer->status < kHttpServerError && answer->status != kHttpTooManyRequests;
}

}  // namespace

ClientLoad::ClientLoad(LoadOptions options, HistoryLog& history) : options_(std::move(options)), history_(history) {
  for (std::size_t i = 0; i < kClients; ++i) {
    threads_.emplace_back([this, i](const std::stop_token& stop) { Trade(i, stop); });
  }
}

ClientLoad::~ClientLoad() { Stop(); }

void ClientLoad::Stop() {
  for (std::jthread& thread : threads_) thread.request_stop();
  threads_.clear();
}

void ClientLoad::Mark() {
  std::lock_guard lock(mutex_);
  mark_ = Clock::now();
  first_.reset();
}

std::optional<milliseconds> ClientLoad::AwaitFirst(milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return first_.has_value(); });
  return first_;
}

LoadReport ClientLoad::Take() {
  std::lock_guard lock(mutex_);
  return std::exchange(report_, {});
}

void ClientLoad::Trade(std::size_t client, const std::stop_token& stop) {
  const LoadAccount& account = options_.accounts[client % options_.accounts.size()];
  std::vector<SignedClient> gateways;
  for (const std::string& rest : options_.gateways) gateways.emplace_back(rest, account.credentials);
  std::size_t gateway = client % gateways.size();
  std::mt19937 random(options_.seed + static_cast<unsigned>(client));
  const auto interval = std::chrono::microseconds(1'000'000 * static_cast<int>(kClients) / options_.per_second);
  auto next = Clock::now();
  for (int i = 0; !stop.stop_requested(); ++i) {
    std::this_thread::sleep_until(next);  // this is the rate
    next = std::max(next + interval, Clock::now() - kMostBehind);
    const std::string id = absl::StrCat("c", client, "-", i);
    const auto answer = Settle(gateways, gateway, account, test::RandomOrder(random, id));
    if (!answer || answer->status != kHttpOk) continue;
    // What rests is mostly taken away again, or the books would grow with the length of the run. Whether it had traded
    // meanwhile, and whether anybody answers, is all the same.
    if (answer->body.at("status") == "NEW" && random() % 4 != 0) {
      (void)gateways[gateway].Delete("/v1/order/" + answer->body.at("orderId").get<std::string>());
    }
  }
}

std::optional<Answer> ClientLoad::Settle(std::vector<SignedClient>& gateways, std::size_t& gateway,
                                         const LoadAccount& account, const json& order) {
  const std::string id = order.at("clientOrderId");
  const auto deadline = Clock::now() + kDeadline;
  while (Clock::now() < deadline) {
    history_.Invoke(account.number, id);
    const auto sent = Clock::now();
    const auto answer = gateways[gateway].Order(order);
    if (!IsFinal(answer)) {
      gateway = (gateway + 1) % gateways.size();
      std::this_thread::sleep_for(kPause);
      continue;
    }
    if (answer->status == kHttpOk) {
      Acknowledge(account, id, answer->body, sent);
    } else {
      std::lock_guard lock(mutex_);
      report_.refused.push_back(absl::StrCat(id, " ", answer->body.dump()));
    }
    return *answer;
  }
  history_.TimeOut(account.number, id);
  std::lock_guard lock(mutex_);
  report_.unanswered.push_back(id);
  return std::nullopt;
}

void ClientLoad::Acknowledge(const LoadAccount& account, const std::string& id, const json& answer,
                             Clock::time_point sent) {
  const std::uint64_t sequence = answer.at("sequence");
  history_.Acknowledge(account.number, id, sequence);
  ++acknowledged_;
  std::lock_guard lock(mutex_);
  report_.acknowledged.push_back({account.number, id, sequence});
  if (sent < mark_ || first_) return;
  first_ = std::chrono::duration_cast<milliseconds>(Clock::now() - mark_);
  changed_.notify_all();
}

}  // namespace xt::chaos
