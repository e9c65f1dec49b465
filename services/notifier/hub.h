// Hub: the connected clients, what each wants, and the books that new ones start from. A client gets a book's snapshot and
// then every later change of it, without a gap: both happen under one lock. A client whose bounded queue is full is cut with
// a reason; nobody waits for it. Thread-safe: clients come from the io threads, what happened from one other.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/domain/level_book.h"
#include "libs/http/websocket.h"
#include "libs/ports/market_queries.h"
#include "libs/ports/matching_replica.h"
#include "libs/runtime/metrics.h"
#include "libs/wire/market_proto.h"
#include "services/notifier/config.h"
#include "services/notifier/core/subscriptions.h"

namespace xt::notifier {

struct SessionInfo {
  std::uint64_t id = 0;
  std::string remote_address;
  std::optional<domain::AccountId> account;  // after the logon
  std::size_t queued_bytes = 0;
  std::vector<std::string> channels;
};

enum class DepthOutcome {
  kApplied,
  kDuplicate,
  kGap,  // a message before this one is missing: nothing was done, the book needs ReplaceBook
};

class Hub {
 public:
  // A channel and its symbol; nullopt: all.
  using ChannelId = std::pair<Channel, std::optional<domain::SymbolId>>;

  Hub(const NotifierConfig& config, runtime::MetricsRegistry& metrics);

  // Symbols, assets and books from matching; every new symbol needs its book. Known symbols keep theirs.
  void Learn(const ports::ReferenceData& data, const std::vector<domain::BookSnapshot>& books);
  // Whoever wants the book gets it anew.
  void ReplaceBook(const domain::BookSnapshot& book);
  [[nodiscard]] bool Knows(domain::SymbolId symbol) const;
  [[nodiscard]] bool Knows(domain::AssetId asset) const;
  [[nodiscard]] std::optional<domain::SymbolId> FindSymbol(std::string_view code) const;

  // Clients. Add sends the snapshots that the subscriptions ask for.
  void Add(const http::WebSocketSessionPtr& session, Subscriptions subscriptions);
  void Remove(std::uint64_t session);
  // Each of these answers request `id` (JSON text) with a result, before anything that follows from it: snapshots of books
  // that are new to the client, executions of its account. Nothing happens when the client is gone.
  void Subscribe(std::uint64_t session, std::string_view id, const std::vector<ChannelId>& channels, bool add);
  void List(std::uint64_t session, std::string_view id);
  void SignIn(std::uint64_t session, std::string_view id, domain::AccountId account);
  // Any other answer.
  void Reply(std::uint64_t session, std::string text);

  // What happened; symbols and assets must be known. False when it was seen before.
  bool OnTrade(const wire::MarketTrade& trade);
  DepthOutcome OnDepth(const wire::MarketDepth& depth);
  bool OnTicker(const ports::Ticker& ticker);
  bool OnUserEvents(const wire::UserEvents& events);

  [[nodiscard]] std::vector<SessionInfo> Sessions() const;
  // Closes every client with "going away", also those that come later.
  void CloseAll();

 private:
  struct Client {
    http::WebSocketSessionPtr session;
    Subscriptions subscriptions;
    std::optional<domain::AccountId> account;
  };
  struct Market {
    domain::Symbol symbol;
    domain::LevelBook book;
    domain::SequenceNumber last_depth;  // of the message applied last, or of the snapshot
    bool fed = false;                   // a message was applied since the snapshot
    domain::EventId last_trade;
    domain::SequenceNumber last_ticker;
  };
  // An account that at least one client has signed in to.
  struct Account {
    std::set<std::uint64_t> sessions;
    domain::SequenceNumber last_events;
  };
  using Text = std::shared_ptr<const std::string>;

  // All require mutex_. Whoever may have cut a client calls RemoveCut when it holds no reference to one any more.
  [[nodiscard]] static bool Follows(const wire::MarketDepth& depth, const Market& market);
  [[nodiscard]] std::string TextOf(domain::EventId id, std::int64_t timestamp_ns, const domain::Event& event) const;
  [[nodiscard]] std::string ResultFor(const Client& client, std::string_view id) const;
  [[nodiscard]] std::vector<std::string> NamesOf(const Client& client) const;
  void SendSnapshot(Client& client, const Market& market);
  void Broadcast(Channel channel, domain::SymbolId symbol, const std::function<std::string()>& text);
  void Deliver(Client& client, const Text& text, std::size_t kind);
  void Answer(Client& client, std::string text);
  void Cut(Client& client);
  void RemoveCut();
  void Erase(std::uint64_t session);
  void LeaveAccount(std::uint64_t session, Client& client);

  const NotifierConfig config_;
  runtime::Gauge& sessions_gauge_;
  runtime::Counter& slow_total_;
  runtime::Counter& snapshots_total_;
  std::vector<runtime::Counter*> delivered_;  // by channel, then private
  std::vector<runtime::Counter*> dropped_;

  mutable std::mutex mutex_;
  bool closed_ = false;
  std::vector<Market> markets_;  // position == symbol id
  std::vector<domain::Asset> assets_;
  std::map<std::uint64_t, Client> clients_;
  std::map<domain::AccountId, Account> accounts_;
  std::vector<std::uint64_t> cut_;  // to be erased when no loop runs over clients_
  runtime::MetricCallback queue_depth_;
};

}  // namespace xt::notifier
