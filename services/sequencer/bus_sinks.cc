#include "services/sequencer/bus_sinks.h"

#include <map>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "libs/domain/event.h"
#include "libs/domain/event_symbol.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/notifications.h"
#include "libs/wire/risk_proto.h"

namespace xt::sequencer {
namespace {

std::shared_ptr<const std::string> Shared(std::string&& bytes) {
  return std::make_shared<const std::string>(std::move(bytes));
}

// The code of the first symbol that the command concerned; empty when none.
absl::StatusOr<std::string> KeyOf(const domain::CommandResult& result, const SymbolCodes& codes) {
  std::string key;
  for (const domain::Event& event : result.events) {
    const auto symbol = domain::SymbolOf(event);
    if (!symbol) continue;
    const auto code = codes.Find(*symbol);
    if (!code) {
      return absl::InternalError(
          absl::StrCat("no code for symbol ", symbol->value(), " of sequence ", result.sequence.value()));
    }
    if (key.empty()) key = std::string(code->view());
  }
  return key;
}

class ExecutionSink final : public BusSink {
 public:
  explicit ExecutionSink(ports::ExecutionStream& stream) : stream_(stream) {}
  [[nodiscard]] std::string_view name() const override { return "executions"; }
  [[nodiscard]] const std::vector<std::string>& topics() const override { return topics_; }
  absl::StatusOr<std::optional<domain::SequenceNumber>> LastSequence() override {
    XT_ASSIGN_OR_RETURN(const domain::SequenceNumber last, stream_.LastSequence());
    return last;
  }
  absl::Status BeginAt(domain::SequenceNumber first) override { return stream_.BeginAt(first); }
  absl::StatusOr<std::vector<std::size_t>> Load(const std::vector<ports::EventEntry>& entries) override {
    entries_ = entries;
    return std::vector<std::size_t>{entries.size()};
  }
  absl::Status Send() override { return stream_.Publish(entries_); }

 private:
  ports::ExecutionStream& stream_;
  const std::vector<std::string> topics_ = {"executions"};
  std::vector<ports::EventEntry> entries_;
};

// Which depth message of a symbol came before. It stands at the end of the batch that was loaded last, and remembers where
// it stood before it: a batch that is loaded again is given the same answers.
class DepthChain {
 public:
  void BeginBatch(domain::SequenceNumber first, domain::SequenceNumber last) {
    if (first == first_) {
      last_of_ = before_;
    } else if (first.value() == end_.value() + 1) {
      before_ = last_of_;
    } else {  // what came before it was not seen
      last_of_.clear();
      before_.clear();
    }
    first_ = first;
    end_ = last;
  }
  domain::SequenceNumber Exchange(domain::SymbolId symbol, domain::SequenceNumber sequence) {
    return std::exchange(last_of_[symbol], sequence);
  }

 private:
  std::map<domain::SymbolId, domain::SequenceNumber> last_of_, before_;
  domain::SequenceNumber first_, end_;
};

// What the two buses that need decoded events share.
class DecodingSink : public BusSink {
 public:
  explicit DecodingSink(const SymbolCodes& codes) : codes_(codes) {}
  [[nodiscard]] bool WaitReady(std::chrono::milliseconds timeout) override { return codes_.WaitReady(timeout); }

  absl::StatusOr<std::vector<std::size_t>> Load(const std::vector<ports::EventEntry>& entries) final {
    Clear();
    counts_.assign(topics().size(), 0);
    if (!entries.empty()) depths_.BeginBatch(entries.front().sequence, entries.back().sequence);
    for (const ports::EventEntry& entry : entries) {
      XT_ASSIGN_OR_RETURN(const domain::CommandResult result, wire::DecodeEventBatch(*entry.payload));
      XT_ASSIGN_OR_RETURN(const std::string key, KeyOf(result, codes_));
      Add(entry, result, key);
    }
    return counts_;
  }

 protected:
  virtual void Clear() = 0;
  virtual void Add(const ports::EventEntry& entry, const domain::CommandResult& result, const std::string& key) = 0;

  void Count(std::size_t topic) { ++counts_[topic]; }
  std::vector<wire::RoutedPayload> MarketDepths(const domain::CommandResult& result) {
    return wire::MarketDepths(
        result, [this](domain::SymbolId id) { return CodeOf(id); },
        [&](domain::SymbolId id) { return depths_.Exchange(id, result.sequence); });
  }
  // Load has looked up every symbol of the result before.
  [[nodiscard]] domain::SymbolCode CodeOf(domain::SymbolId id) const {
    return codes_.Find(id).value_or(domain::SymbolCode());
  }

 private:
  const SymbolCodes& codes_;
  DepthChain depths_;
  std::vector<std::size_t> counts_;
};

class MarketSink final : public DecodingSink {
 public:
  MarketSink(ports::MarketBus& bus, const SymbolCodes& codes) : DecodingSink(codes), bus_(bus) {}
  [[nodiscard]] std::string_view name() const override { return "market"; }
  [[nodiscard]] const std::vector<std::string>& topics() const override { return topics_; }
  absl::Status Send() override { return messages_.empty() ? absl::OkStatus() : bus_.Publish(messages_); }

 private:
  void Clear() override { messages_.clear(); }
  void Add(const ports::EventEntry& entry, const domain::CommandResult& result, const std::string& key) override {
    const auto code_of = [this](domain::SymbolId id) { return CodeOf(id); };
    AddAll(0, result, wire::MarketTrades(result, code_of));
    AddAll(1, result, MarketDepths(result));
    messages_.push_back({topics_[2], key, {result.sequence, 1}, entry.payload});
    Count(2);
    AddAll(3, result, wire::RiskAudits(result));
  }
  void AddAll(std::size_t topic, const domain::CommandResult& result, std::vector<wire::RoutedPayload> payloads) {
    for (wire::RoutedPayload& payload : payloads) {
      messages_.push_back({topics_[topic],
                           std::string(CodeOf(payload.symbol).view()),
                           {result.sequence, payload.index},
                           Shared(std::move(payload.bytes))});
      Count(topic);
    }
  }

  ports::MarketBus& bus_;
  const std::vector<std::string> topics_ = {std::string(ports::topic::kTrade), std::string(ports::topic::kDepth),
                                            std::string(ports::topic::kTradingEvents),
                                            std::string(ports::topic::kRiskAudit)};
  std::vector<ports::MarketMessage> messages_;
};

class NotificationSink final : public DecodingSink {
 public:
  NotificationSink(ports::NotificationBus& bus, const SymbolCodes& codes) : DecodingSink(codes), bus_(bus) {}
  [[nodiscard]] std::string_view name() const override { return "notifications"; }
  [[nodiscard]] const std::vector<std::string>& topics() const override { return topics_; }
  absl::Status Send() override { return notifications_.empty() ? absl::OkStatus() : bus_.Publish(notifications_); }

 private:
  void Clear() override { notifications_.clear(); }
  void Add(const ports::EventEntry&, const domain::CommandResult& result, const std::string&) override {
    const auto code_of = [this](domain::SymbolId id) { return CodeOf(id); };
    for (wire::RoutedPayload& trade : wire::MarketTrades(result, code_of)) {
      Push(0, std::string(CodeOf(trade.symbol).view()), result, trade);
    }
    for (wire::RoutedPayload& depth : MarketDepths(result)) {
      Push(1, std::string(CodeOf(depth.symbol).view()), result, depth);
    }
    for (wire::RoutedPayload& user : wire::UserEventsByAccount(result)) {
      Push(2, absl::StrCat(user.account.value()), result, user);
    }
  }
  void Push(std::size_t topic, const std::string& word, const domain::CommandResult& result,
            wire::RoutedPayload& payload) {
    notifications_.push_back(
        {topics_[topic] + "." + word, {result.sequence, payload.index}, Shared(std::move(payload.bytes))});
    Count(topic);
  }

  ports::NotificationBus& bus_;
  const std::vector<std::string> topics_ = {"trade", "orderbook", "user"};
  std::vector<ports::Notification> notifications_;
};

}  // namespace

std::unique_ptr<BusSink> MakeExecutionSink(ports::ExecutionStream& stream) {
  return std::make_unique<ExecutionSink>(stream);
}
std::unique_ptr<BusSink> MakeMarketSink(ports::MarketBus& bus, const SymbolCodes& codes) {
  return std::make_unique<MarketSink>(bus, codes);
}
std::unique_ptr<BusSink> MakeNotificationSink(ports::NotificationBus& bus, const SymbolCodes& codes) {
  return std::make_unique<NotificationSink>(bus, codes);
}

}  // namespace xt::sequencer
