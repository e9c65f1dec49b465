// The ports that the notifier uses, for its tests: the embedded bus, made to fail on demand; a matching and a history that
// may be absent; and what the publishers of the sequencer would send. Thread-safe. Nothing here waits longer than kPatience.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "libs/adapters/embedded/memory_notification_bus.h"
#include "libs/ports/history.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/notification_bus.h"

namespace xt::notifier::testing {

inline constexpr std::chrono::seconds kPatience{60};

inline const domain::SymbolId kBtc(0);
inline const domain::SymbolId kEth(1);

// Prices have two decimals, of which one tick is "1.00"; one lot is "0.01". Assets are BTC, ETH, KRW.
domain::Symbol MakeSymbol(domain::SymbolId id, std::string_view code);
domain::BookLevel Level(std::int64_t price, std::int64_t quantity);
domain::BookSnapshot Book(domain::SymbolId symbol, std::uint64_t sequence, std::vector<domain::BookLevel> bids,
                          std::vector<domain::BookLevel> asks);

// The code of a symbol made here: "BTC-KRW", "ETH-KRW".
std::string_view CodeOf(domain::SymbolId symbol);
ports::Notification TradeOf(domain::SymbolId symbol, std::uint64_t sequence, std::int64_t price, std::int64_t quantity);
ports::Notification DepthOf(domain::SymbolId symbol, std::uint64_t sequence, std::uint64_t previous,
                            const std::vector<domain::BookLevel>& bids, const std::vector<domain::BookLevel>& asks);
ports::Notification TickerOf(domain::SymbolId symbol, std::uint64_t sequence, std::int64_t last);
// A resting order's report and the change of the balance that it locks.
ports::Notification UserEventsOf(domain::AccountId account, std::uint64_t sequence);

class FakeBus final : public ports::NotificationBus {
 public:
  absl::Status Publish(const std::vector<ports::Notification>& notifications) override {
    return bus_.Publish(notifications);
  }
  absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> Consume(const ports::QueueOptions& options) override;
  absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(std::size_t max) override {
    return bus_.TakeDeadLetters(max);
  }
  void Close() override { bus_.Close(); }
  void FailConsume() { fail_consume_ = true; }

 private:
  embedded::MemoryNotificationBus bus_;
  bool fail_consume_ = false;
};

class FakeMatching final : public ports::MatchingQueries {
 public:
  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override;
  absl::StatusOr<ports::ReferenceData> GetReferenceData() override;
  absl::StatusOr<ports::StateDigest> GetStateDigest() override;

  void SetPresent(bool present);
  // Adds the symbol of the book, or replaces the book. Matching then stands at the book's sequence, or beyond.
  void Set(const domain::BookSnapshot& book);
  // Until it was asked `more` times from now on.
  [[nodiscard]] bool WaitForQuestions(std::uint64_t more);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool present_ = true;
  std::uint64_t questions_ = 0;
  ports::ReferenceData data_;
  std::map<domain::SymbolId, domain::BookSnapshot> books_;
};

// Has keys, and nothing else. While it is held, a question for a key waits.
class FakeHistory final : public ports::History {
 public:
  absl::StatusOr<domain::SequenceNumber> CommittedSequence() override;
  absl::StatusOr<ports::ApiKeyRow> GetApiKey(std::string_view api_key) override;
  absl::Status PutApiKey(const ports::ApiKeyRow& row) override;

  absl::StatusOr<ports::OrderRow> GetOrder(domain::SequenceNumber, domain::AccountId, domain::OrderId) override;
  absl::StatusOr<ports::OrderRow> FindOrder(domain::SequenceNumber, domain::AccountId, std::string_view) override;
  absl::StatusOr<std::vector<ports::OrderRow>> ListOrders(domain::SequenceNumber, const ports::OrderFilter&) override;
  absl::StatusOr<std::vector<ports::FillRow>> ListFills(domain::SequenceNumber, const ports::FillFilter&) override;
  absl::StatusOr<std::vector<ports::BalanceRow>> ListBalances(domain::SequenceNumber, domain::AccountId) override;
  absl::StatusOr<std::vector<ports::AccountRow>> ListAccounts(domain::SequenceNumber) override;
  absl::StatusOr<std::vector<ports::ApiKeyRow>> ListApiKeys(domain::AccountId) override;

  void SetPresent(bool present);
  void Hold(bool hold);
  // Until `count` questions for a key wait.
  [[nodiscard]] bool WaitForHeld(std::size_t count);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool present_ = true;
  bool hold_ = false;
  std::size_t held_ = 0;
  std::map<std::string, ports::ApiKeyRow, std::less<>> keys_;
};

}  // namespace xt::notifier::testing
