// Hub: the connected clients, what each wants, and the books that new ones start from. A client gets a book's snapshot and
// then every later change of it, without a gap: both happen under one lock. A client whose bounded queue is full is cut with
// a reason; nobody waits for it. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
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

class Hub {
 public:
  Hub(const NotifierConfig& config, runtime::MetricsRegistry& metrics);

  // Symbols, assets and books from matching. Known symbols keep their book.
  void Learn(const ports::ReferenceData& data, const std::vector<domain::BookSnapshot>& books);
  [[nodiscard]] bool Knows(domain::SymbolId symbol) const;
  [[nodiscard]] bool Knows(domain::AssetId asset) const;
  [[nodiscard]] std::optional<domain::SymbolId> FindSymbol(std::string_view code) const;

  // Clients. Add sends the snapshots that the subscriptions ask for.
  void Add(const http::WebSocketSessionPtr& session, Subscriptions subscriptions);
  void Remove(std::uint64_t session);
  // Changes the subscriptions of a client; new books begin with a snapshot. Returns the names of all its channels.
  std::vector<std::string> Subscribe(std::uint64_t session, const std::vector<std::pair<Channel, std::optional<domain::SymbolId>>>& channels, bool add);
  std::vector<std::string> Channels(std::uint64_t session) const;
  // From now on the client gets the executions of the account.
  void SignIn(std::uint64_t session, domain::AccountId account);
  // Answers one client.
  void Reply(std::uint64_t session, std::string text);

  // What happened. False when it was seen before.
  bool OnTrade(const wire::MarketTrade& trade);
  bool OnDepth(const wire::MarketDepth& depth);
  bool OnTicker(const ports::Ticker& ticker);
  bool OnUserEvents(const wire::UserEvents& events);

  [[nodiscard]] std::vector<SessionInfo> Sessions() const;
  // Closes every client with "going away".
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
    domain::EventId last_trade;
    domain::SequenceNumber last_depth;
  };

  // All require mutex_.
  void SendSnapshots(Client& client, const std::function<bool(domain::SymbolId)>& wanted);
  void Broadcast(Channel channel, domain::SymbolId symbol, const std::function<std::string()>& text);
  bool Deliver(Client& client, const std::shared_ptr<const std::string>& text, Channel channel);
  void Cut(std::uint64_t session);
  [[nodiscard]] std::vector<std::string> NamesOf(const Client& client) const;
  void RemoveCut();

  const NotifierConfig config_;
  runtime::Gauge& sessions_gauge_;
  runtime::Counter& slow_total_;
  std::vector<runtime::Counter*> delivered_;  // by channel, then private
  std::vector<runtime::Counter*> dropped_;

  mutable std::mutex mutex_;
  std::vector<Market> markets_;  // position == symbol id
  std::vector<domain::Asset> assets_;
  std::map<std::uint64_t, Client> clients_;
  std::vector<std::uint64_t> cut_;  // to be removed after the loop over clients_
  std::map<domain::AccountId, domain::SequenceNumber> last_user_events_;  // of accounts with a client only
};

}  // namespace xt::notifier
