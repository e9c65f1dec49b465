// The ports that market-data uses, for its tests: a bus that keeps everything and says when its consumer has handled it, a
// matching that may be absent, an election that is won and lost on demand. Thread-safe. Nothing here waits longer than
// kPatience, and no wait is a sleep.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "libs/ports/execution_reader.h"
#include "libs/ports/leader_election.h"
#include "libs/ports/market_bus.h"
#include "libs/ports/matching_replica.h"
#include "libs/ports/notification_bus.h"

namespace xt::market_data::testing {

inline constexpr std::chrono::seconds kPatience{60};

// One tick times one lot is one quote unit. Fees are none.
domain::Symbol MakeSymbol(std::uint16_t id, std::string_view code);

// As the publisher of the sequencer writes them. Times are whole milliseconds.
ports::MarketMessage TradeMessage(const domain::Symbol& symbol, std::uint64_t sequence, std::int64_t price,
                                  std::int64_t quantity, std::int64_t time_ms);
ports::MarketMessage DepthMessage(const domain::Symbol& symbol, std::uint64_t sequence,
                                  std::vector<domain::BookLevel> bids, std::vector<domain::BookLevel> asks,
                                  std::int64_t time_ms, std::uint64_t previous_sequence = 0);
domain::BookLevel Level(std::int64_t price, std::int64_t quantity);

// Topics in one order, kept for ever.
class FakeMarketBus final : public ports::MarketBus {
 public:
  absl::Status Publish(const std::vector<ports::MarketMessage>& messages) override;
  absl::StatusOr<domain::EventId> LastId(std::string_view topic) override;
  absl::StatusOr<std::unique_ptr<ports::MarketConsumer>> Subscribe(std::string_view group,
                                                                   const std::vector<std::string>& topics,
                                                                   ports::StartAt start) override;
  void Close() override;

  void FailSubscribe();
  void FailPolls(bool fail);
  void FailPublish(bool fail);
  // What lies behind the last message, as far as the consumer's lag is concerned.
  void SetBacklog(std::uint64_t messages);

  [[nodiscard]] std::vector<ports::MarketMessage> Messages(std::string_view topic) const;
  // Until the consumer waits for more and has been given everything: then it has handled all of it.
  [[nodiscard]] bool WaitUntilHandled() const;
  [[nodiscard]] bool WaitForMessages(std::string_view topic, std::size_t count) const;

 private:
  class Consumer;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<ports::MarketMessage> messages_;
  bool closed_ = false;
  bool fail_subscribe_ = false;
  bool fail_polls_ = false;
  bool fail_publish_ = false;
  bool consumer_waits_ = false;
  std::vector<std::string> topics_;  // of the consumer
  std::size_t next_ = 0;             // of messages_, for the consumer
  std::size_t committed_ = 0;        // likewise
  std::uint64_t backlog_ = 0;
};

// Executions of symbol 0: a trade at each odd sequence, at price 100, and a changed bid at each even one.
class FakeExecutions final : public ports::ExecutionReader {
 public:
  void Add(std::uint64_t first, std::uint64_t last, std::int64_t time_ms = 0);
  absl::StatusOr<std::vector<ports::EventEntry>> ReadBehind(domain::SequenceNumber after, std::size_t max,
                                                            std::chrono::milliseconds timeout) override;
  void Close() override {}

 private:
  [[nodiscard]] std::vector<ports::EventEntry> Behind(domain::SequenceNumber after, std::size_t max) const;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<ports::EventEntry> entries_;
};

class FakeNotificationBus final : public ports::NotificationBus {
 public:
  absl::Status Publish(const std::vector<ports::Notification>& notifications) override;
  absl::StatusOr<std::unique_ptr<ports::NotificationConsumer>> Consume(const ports::QueueOptions& options) override;
  absl::StatusOr<std::vector<ports::Notification>> TakeDeadLetters(std::size_t max) override;
  void Close() override {}
  [[nodiscard]] std::vector<ports::Notification> Notifications() const;
  [[nodiscard]] bool WaitForNotifications(std::size_t count) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::vector<ports::Notification> notifications_;
};

class FakeMatching final : public ports::MatchingQueries {
 public:
  absl::StatusOr<domain::BookSnapshot> GetBook(domain::SymbolId symbol, std::size_t depth) override;
  absl::StatusOr<ports::ReferenceData> GetReferenceData() override;
  absl::StatusOr<ports::StateDigest> GetStateDigest() override;

  void SetPresent(bool present);
  void Define(const domain::Symbol& symbol, const domain::BookSnapshot& book);
  void SetBook(const domain::BookSnapshot& book);
  // Until it was asked so often for its symbols.
  [[nodiscard]] bool WaitForQuestions(std::uint64_t count) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool present_ = true;
  std::uint64_t questions_ = 0;
  ports::ReferenceData data_;
  std::map<domain::SymbolId, domain::BookSnapshot> books_;
};

class FakeElection final : public ports::LeaderElection {
 public:
  absl::Status Campaign(Observer observer) override;
  absl::StatusOr<std::size_t> OtherCandidates() override { return 0; }
  void Resign() override;
  void SetLeader(bool leader);
  void FailCampaign() { fail_ = true; }
  [[nodiscard]] bool resigned() const { return resigned_; }

 private:
  Observer observer_;
  bool leader_ = false;
  bool fail_ = false;
  bool resigned_ = false;
};

}  // namespace xt::market_data::testing
