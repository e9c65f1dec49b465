// Ports of the gateway that a test holds in its hand: what was submitted is recorded, and every answer is what the test
// says. Thread-safe, since the gateway calls them from many threads.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "libs/ports/history.h"
#include "libs/ports/market_queries.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/order_sequencing.h"
#include "libs/ports/session_store.h"

namespace xt::gateway::testing {

// KRW 4 decimals, USDT, BTC and ETH 8; BTC-USDT (tick 0.01, lot 0.00001) and BTC-KRW (tick 1000, lot 0.0001).
ports::ReferenceData DemoReferenceData();
inline constexpr domain::SymbolId kBtcUsdt{0};
inline constexpr domain::SymbolId kBtcKrw{1};
inline constexpr domain::AssetId kBtc{0};
inline constexpr domain::AssetId kUsdt{1};
inline constexpr domain::AssetId kKrw{2};

// A report of a resting order, as matching would make it.
domain::ExecutionReport ReportOf(const domain::NewOrder& order, domain::OrderId id);
// One fill of `report`'s order at its price; adds to the executed amounts.
domain::ExecutionReport FillOf(domain::ExecutionReport report, domain::TradeId trade, domain::Quantity quantity,
                               domain::Amount quote, domain::OrderStatus status);
domain::CommandResult RefusedResult(domain::SequenceNumber sequence, domain::RejectReason reason,
                                    std::string_view field = "", domain::SequenceNumber original = {});

// Answers each command at once with what `answer` says; by default an order rests and everything else succeeds. When `hold`
// is set, callbacks are kept until Release().
class FakeSequencing final : public ports::OrderSequencing {
 public:
  using Answer = std::function<absl::StatusOr<domain::CommandResult>(const domain::Command&, domain::SequenceNumber)>;

  void Submit(const domain::Command& command, Done done) override;

  void set_answer(Answer answer);
  void set_hold(bool hold);
  // Answers what is held, in order.
  void Release();
  [[nodiscard]] std::vector<domain::Command> commands() const;
  [[nodiscard]] std::size_t submitted() const { return commands().size(); }
  // Until `count` commands came. False after a minute.
  [[nodiscard]] bool WaitForCommands(std::size_t count);

 private:
  absl::StatusOr<domain::CommandResult> Decide(const domain::Command& command);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Answer answer_;
  bool hold_ = false;
  std::vector<domain::Command> commands_;
  std::vector<std::pair<domain::Command, Done>> held_;
  std::uint64_t sequence_ = 100;
};

class FakeHistory final : public ports::History {
 public:
  absl::StatusOr<ports::OrderRow> GetOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                           domain::OrderId order) override;
  absl::StatusOr<ports::OrderRow> FindOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                            std::string_view client_order_id) override;
  absl::StatusOr<std::vector<ports::OrderRow>> ListOrders(domain::SequenceNumber at_least,
                                                          const ports::OrderFilter& filter) override;
  absl::StatusOr<std::vector<ports::FillRow>> ListFills(domain::SequenceNumber at_least,
                                                        const ports::FillFilter& filter) override;
  absl::StatusOr<std::vector<ports::BalanceRow>> ListBalances(domain::SequenceNumber at_least,
                                                              domain::AccountId account) override;
  absl::StatusOr<std::vector<ports::AccountRow>> ListAccounts(domain::SequenceNumber at_least) override;
  absl::StatusOr<domain::SequenceNumber> CommittedSequence() override { return domain::SequenceNumber(1); }
  absl::StatusOr<ports::ApiKeyRow> GetApiKey(std::string_view api_key) override;
  absl::StatusOr<std::vector<ports::ApiKeyRow>> ListApiKeys(domain::AccountId account) override;
  absl::Status PutApiKey(const ports::ApiKeyRow& row) override;

  // Everything fails with it until it is OK again.
  void set_status(absl::Status status);
  // Every call waits until `blocked` is false again.
  void set_blocked(bool blocked);
  void AddOrder(const ports::OrderRow& row);
  void AddFill(const ports::FillRow& row);  // newest last
  [[nodiscard]] domain::SequenceNumber last_at_least() const { return domain::SequenceNumber(last_at_least_.load()); }
  [[nodiscard]] int key_lookups() const { return key_lookups_.load(); }
  [[nodiscard]] ports::FillFilter last_fill_filter() const;
  [[nodiscard]] ports::OrderFilter last_order_filter() const;

 private:
  absl::Status Enter(domain::SequenceNumber at_least);

  mutable std::mutex mutex_;
  std::condition_variable unblocked_;
  absl::Status status_;
  bool blocked_ = false;
  std::vector<ports::OrderRow> orders_;
  std::vector<ports::FillRow> fills_;
  std::map<std::string, ports::ApiKeyRow, std::less<>> keys_;
  ports::FillFilter fill_filter_;
  ports::OrderFilter order_filter_;
  std::atomic<std::uint64_t> last_at_least_{0};
  std::atomic<int> key_lookups_{0};
};

class FakeMarket final : public ports::MarketQueries {
 public:
  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override;
  absl::StatusOr<std::vector<ports::PublicTrade>> GetTrades(domain::SymbolId symbol, std::size_t limit) override;
  absl::StatusOr<ports::Ticker> GetTicker(domain::SymbolId symbol) override;
  absl::StatusOr<std::vector<ports::Candle>> GetCandles(domain::SymbolId symbol, std::int64_t from_ms,
                                                        std::int64_t to_ms, std::size_t limit) override;
  absl::StatusOr<ports::Candle> GetExternalCandle(std::string_view venue, std::string_view symbol) override;

  std::atomic<std::size_t> last_depth{0};
  std::atomic<std::int64_t> last_from_ms{0};
};

class FakeMatching final : public ports::MatchingQueries {
 public:
  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId, std::size_t) override {
    return absl::UnimplementedError("not asked by the gateway");
  }
  absl::StatusOr<ports::ReferenceData> GetReferenceData() override;
  absl::StatusOr<ports::StateDigest> GetStateDigest() override { return absl::UnimplementedError("not asked"); }

  void set_data(absl::StatusOr<ports::ReferenceData> data);
  [[nodiscard]] int calls() const { return calls_.load(); }

 private:
  std::mutex mutex_;
  absl::StatusOr<ports::ReferenceData> data_ = DemoReferenceData();
  std::atomic<int> calls_{0};
};

// Lets `allowed` requests of each key pass.
class FakeRateLimiter final : public ports::RateLimiter {
 public:
  absl::StatusOr<Decision> Take(std::string_view key, const Limit& limit, std::uint64_t tokens) override;

  std::atomic<int> allowed{1'000'000};
  std::atomic<bool> fails{false};

 private:
  std::mutex mutex_;
  std::map<std::string, int, std::less<>> taken_;
};

}  // namespace xt::gateway::testing
