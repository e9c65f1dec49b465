#include "services/notifier/hub.h"

#include <algorithm>

#include "libs/base/check.h"
#include "services/notifier/messages.h"

namespace xt::notifier {
namespace {

constexpr std::size_t kPrivate = kChannels;
constexpr std::string_view kSlowConsumer = "SLOW_CONSUMER: the client did not read fast enough";
constexpr std::string_view kGoingAway = "the exchange is shutting down";

std::vector<runtime::Counter*> DeliveryCounters(runtime::MetricsRegistry& metrics, const std::string& result) {
  std::vector<runtime::Counter*> counters;
  for (const std::string& channel : std::initializer_list<std::string>{"trade", "orderbook", "ticker", "private"}) {
    counters.push_back(&metrics.Counter("notifier_deliveries_total", "Messages given to a client's queue, or not.",
                                        {{"channel", channel}, {"result", result}}));
  }
  return counters;
}

}  // namespace

Hub::Hub(const NotifierConfig& config, runtime::MetricsRegistry& metrics)
    : config_(config),
      sessions_gauge_(metrics.Gauge("md_subscribers", "Connected clients.")),
      slow_total_(metrics.Counter("gateway_slow_consumer_disconnects_total", "Clients cut because they did not read.",
                                  {{"protocol", "websocket"}})),
      snapshots_total_(metrics.Counter("md_snapshots_total", "Book snapshots taken.", {{"channel", "orderbook"}})),
      delivered_(DeliveryCounters(metrics, "ok")),
      dropped_(DeliveryCounters(metrics, "dropped")) {
  queue_depth_ =
      metrics.GaugeCallback("notifier_queue_depth", "Messages that wait in the queues of all clients.", {}, [this] {
        std::lock_guard lock(mutex_);
        std::int64_t waiting = 0;
        for (const auto& [id, client] : clients_) {
          waiting += static_cast<std::int64_t>(client.session->queued_messages());
        }
        return waiting;
      });
}

// --- What is known

void Hub::Learn(const ports::ReferenceData& data, const std::vector<domain::BookSnapshot>& books) {
  std::lock_guard lock(mutex_);
  assets_ = data.assets;
  for (const domain::Symbol& symbol : data.symbols) {
    if (symbol.id.value() < markets_.size()) continue;
    XT_CHECK(symbol.id.value() == markets_.size(), "symbol ids have no holes");
    const auto book = std::ranges::find(books, symbol.id, &domain::BookSnapshot::symbol);
    XT_CHECK(book != books.end(), "a new symbol comes with its book");
    Market& market = markets_.emplace_back();
    market.symbol = symbol;
    market.book.Reset(*book);
    market.last_depth = book->sequence;
    snapshots_total_.Increment();
    for (auto& [id, client] : clients_) SendSnapshot(client, market);
  }
  RemoveCut();
}

void Hub::ReplaceBook(const domain::BookSnapshot& book) {
  std::lock_guard lock(mutex_);
  Market& market = markets_.at(book.symbol.value());
  market.book.Reset(book);
  market.last_depth = book.sequence;
  market.fed = false;
  snapshots_total_.Increment();
  for (auto& [id, client] : clients_) SendSnapshot(client, market);
  RemoveCut();
}

bool Hub::Knows(domain::SymbolId symbol) const {
  std::lock_guard lock(mutex_);
  return symbol.value() < markets_.size();
}

bool Hub::Knows(domain::AssetId asset) const {
  std::lock_guard lock(mutex_);
  return asset.value() < assets_.size();
}

std::optional<domain::SymbolId> Hub::FindSymbol(std::string_view code) const {
  std::lock_guard lock(mutex_);
  for (const Market& market : markets_) {
    if (market.symbol.code.view() == code) return market.symbol.id;
  }
  return std::nullopt;
}

// --- Clients

void Hub::Add(const http::WebSocketSessionPtr& session, Subscriptions subscriptions) {
  std::lock_guard lock(mutex_);
  if (closed_) return session->Close(http::kCloseGoingAway, kGoingAway);
  Client& client = clients_[session->id()];
  client.session = session;
  client.subscriptions = std::move(subscriptions);
  sessions_gauge_.Set(static_cast<std::int64_t>(clients_.size()));
  for (const Market& market : markets_) SendSnapshot(client, market);
  RemoveCut();
}

void Hub::Remove(std::uint64_t session) {
  std::lock_guard lock(mutex_);
  Erase(session);
}

void Hub::Subscribe(std::uint64_t session, std::string_view id, const std::vector<ChannelId>& channels, bool add) {
  std::lock_guard lock(mutex_);
  const auto found = clients_.find(session);
  if (found == clients_.end()) return;
  Client& client = found->second;
  const Subscriptions before = client.subscriptions;
  for (const auto& [channel, symbol] : channels) {
    if (add) {
      client.subscriptions.Add(channel, symbol);
    } else {
      client.subscriptions.Remove(channel, symbol);
    }
  }
  Answer(client, ResultFor(client, id));
  for (const Market& market : markets_) {
    if (!before.Wants(Channel::kOrderBook, market.symbol.id)) SendSnapshot(client, market);
  }
  RemoveCut();
}

void Hub::List(std::uint64_t session, std::string_view id) {
  std::lock_guard lock(mutex_);
  const auto found = clients_.find(session);
  if (found == clients_.end()) return;
  Answer(found->second, ResultFor(found->second, id));
  RemoveCut();
}

void Hub::SignIn(std::uint64_t session, std::string_view id, domain::AccountId account) {
  std::lock_guard lock(mutex_);
  const auto found = clients_.find(session);
  if (found == clients_.end()) return;
  Client& client = found->second;
  LeaveAccount(session, client);
  client.account = account;
  accounts_[account].sessions.insert(session);
  Answer(client, ResultFor(client, id));
  RemoveCut();
}

void Hub::Reply(std::uint64_t session, std::string text) {
  std::lock_guard lock(mutex_);
  const auto found = clients_.find(session);
  if (found == clients_.end()) return;
  Answer(found->second, std::move(text));
  RemoveCut();
}

std::vector<SessionInfo> Hub::Sessions() const {
  std::lock_guard lock(mutex_);
  std::vector<SessionInfo> sessions;
  for (const auto& [id, client] : clients_) {
    const http::WebSocketSession& session = *client.session;
    sessions.push_back({id, session.remote_address(), client.account, session.queued_bytes(), NamesOf(client)});
  }
  return sessions;
}

void Hub::CloseAll() {
  std::lock_guard lock(mutex_);
  closed_ = true;
  for (auto& [id, client] : clients_) client.session->Close(http::kCloseGoingAway, kGoingAway);
}

// --- What happened

bool Hub::OnTrade(const wire::MarketTrade& trade) {
  std::lock_guard lock(mutex_);
  Market& market = markets_.at(trade.symbol.value());
  if (trade.id <= market.last_trade) return false;
  market.last_trade = trade.id;
  Broadcast(Channel::kTrade, trade.symbol, [&] { return TradeMessage(trade, market.symbol); });
  return true;
}

DepthOutcome Hub::OnDepth(const wire::MarketDepth& depth) {
  std::lock_guard lock(mutex_);
  Market& market = markets_.at(depth.symbol.value());
  if (depth.sequence <= market.last_depth) return DepthOutcome::kDuplicate;
  if (!Follows(depth, market)) return DepthOutcome::kGap;
  for (const domain::BookChange& change : depth.changes) market.book.Apply(depth.sequence, change);
  const domain::SequenceNumber previous = std::exchange(market.last_depth, depth.sequence);
  market.fed = true;
  Broadcast(Channel::kOrderBook, depth.symbol, [&] { return BookMessage(depth, previous, market.symbol); });
  return DepthOutcome::kApplied;
}

// A snapshot stands anywhere between two messages; behind a message only the one that names it may come. A publisher that
// started anew does not know the message before: what its predecessor sent last may have been lost.
bool Hub::Follows(const wire::MarketDepth& depth, const Market& market) {
  return market.fed ? depth.previous_sequence == market.last_depth : depth.previous_sequence <= market.last_depth;
}

bool Hub::OnTicker(const ports::Ticker& ticker) {
  std::lock_guard lock(mutex_);
  Market& market = markets_.at(ticker.symbol.value());
  // Two tickers of one command may differ: the second knows more of what happened before.
  if (ticker.sequence < market.last_ticker) return false;
  market.last_ticker = ticker.sequence;
  Broadcast(Channel::kTicker, ticker.symbol, [&] { return TickerMessage(ticker, market.symbol); });
  return true;
}

bool Hub::OnUserEvents(const wire::UserEvents& events) {
  std::lock_guard lock(mutex_);
  const auto found = accounts_.find(events.account);
  if (found == accounts_.end()) return true;  // nobody listens
  Account& account = found->second;
  if (events.sequence <= account.last_events) return false;
  account.last_events = events.sequence;
  for (const wire::UserEvent& event : events.events) {
    std::string text = TextOf({events.sequence, event.index}, events.timestamp_ns, event.event);
    if (text.empty()) continue;
    const auto shared = std::make_shared<const std::string>(std::move(text));
    for (const std::uint64_t session : account.sessions) Deliver(clients_.at(session), shared, kPrivate);
  }
  RemoveCut();
  return true;
}

std::string Hub::TextOf(domain::EventId id, std::int64_t timestamp_ns, const domain::Event& event) const {
  if (const auto* report = std::get_if<domain::ExecutionReport>(&event)) {
    return ExecutionMessage(id, timestamp_ns, *report, markets_.at(report->symbol.value()).symbol,
                            assets_.at(report->fee_asset.value()));
  }
  if (const auto* change = std::get_if<domain::BalanceChange>(&event)) {
    return BalanceMessage(id, timestamp_ns, *change, assets_.at(change->asset.value()));
  }
  return {};
}

// --- Sending

void Hub::SendSnapshot(Client& client, const Market& market) {
  if (!client.subscriptions.Wants(Channel::kOrderBook, market.symbol.id)) return;
  domain::BookSnapshot snapshot = market.book.Snapshot(market.symbol.id, config_.snapshot_depth);
  snapshot.sequence = market.last_depth;
  const auto text = std::make_shared<const std::string>(SnapshotMessage(snapshot, market.symbol));
  Deliver(client, text, static_cast<std::size_t>(Channel::kOrderBook));
}

void Hub::Broadcast(Channel channel, domain::SymbolId symbol, const std::function<std::string()>& text) {
  Text shared;  // made for the first client that wants it
  for (auto& [id, client] : clients_) {
    if (!client.subscriptions.Wants(channel, symbol)) continue;
    if (!shared) shared = std::make_shared<const std::string>(text());
    Deliver(client, shared, static_cast<std::size_t>(channel));
  }
  RemoveCut();
}

void Hub::Deliver(Client& client, const Text& text, std::size_t kind) {
  const bool sent = client.session->Send(text);
  (sent ? delivered_ : dropped_)[kind]->Increment();
  if (!sent) Cut(client);
}

void Hub::Answer(Client& client, std::string text) {
  if (!client.session->Send(std::move(text))) Cut(client);
}

void Hub::Cut(Client& client) {
  if (client.session->open()) {
    slow_total_.Increment();
    client.session->Close(http::kClosePolicyViolation, kSlowConsumer);
  }
  cut_.push_back(client.session->id());
}

void Hub::RemoveCut() {
  for (const std::uint64_t session : std::exchange(cut_, {})) Erase(session);
}

void Hub::Erase(std::uint64_t session) {
  const auto found = clients_.find(session);
  if (found == clients_.end()) return;
  LeaveAccount(session, found->second);
  clients_.erase(found);
  sessions_gauge_.Set(static_cast<std::int64_t>(clients_.size()));
}

void Hub::LeaveAccount(std::uint64_t session, Client& client) {
  if (!client.account) return;
  const auto account = accounts_.find(*client.account);
  account->second.sessions.erase(session);
  if (account->second.sessions.empty()) accounts_.erase(account);
  client.account.reset();
}

std::string Hub::ResultFor(const Client& client, std::string_view id) const {
  return ResultMessage(id, NamesOf(client), client.account ? std::to_string(client.account->value()) : "");
}

std::vector<std::string> Hub::NamesOf(const Client& client) const {
  return client.subscriptions.Names(
      [this](domain::SymbolId symbol) { return std::string(markets_.at(symbol.value()).symbol.code.view()); });
}

}  // namespace xt::notifier
