#include "services/notifier/hub.h"

#include <utility>

#include "services/notifier/messages.h"

namespace xt::notifier {
namespace {

constexpr std::size_t kPrivate = kChannels;
constexpr std::string_view kSlowConsumer = "SLOW_CONSUMER: the client did not read fast enough";

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
      delivered_(DeliveryCounters(metrics, "ok")),
      dropped_(DeliveryCounters(metrics, "dropped")) {}

void Hub::Learn(const ports::ReferenceData& data, const std::vector<domain::BookSnapshot>& books) {
  std::lock_guard lock(mutex_);
  assets_ = data.assets;
  for (const domain::Symbol& symbol : data.symbols) {
    if (symbol.id.value() < markets_.size()) continue;
    Market& market = markets_.emplace_back();
    market.symbol = symbol;
    for (const domain::BookSnapshot& book : books) {
      if (book.symbol != symbol.id) continue;
      market.book.Reset(book);
      market.last_depth = book.sequence;
    }
    for (auto& [id, client] : clients_) {
      SendSnapshots(client, [&](domain::SymbolId candidate) { return candidate == symbol.id; });
    }
  }
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

void Hub::Add(const http::WebSocketSessionPtr& session, Subscriptions subscriptions) {
  std::lock_guard lock(mutex_);
  Client& client = clients_[session->id()];
  client.session = session;
  client.subscriptions = std::move(subscriptions);
  sessions_gauge_.Set(static_cast<std::int64_t>(clients_.size()));
  SendSnapshots(client, [](domain::SymbolId) { return true; });
  RemoveCut();
}

void Hub::Remove(std::uint64_t session) {
  std::lock_guard lock(mutex_);
  clients_.erase(session);
  sessions_gauge_.Set(static_cast<std::int64_t>(clients_.size()));
}

std::vector<std::string> Hub::Subscribe(
    std::uint64_t session, const std::vector<std::pair<Channel, std::optional<domain::SymbolId>>>& channels, bool add) {
  std::lock_guard lock(mutex_);
  const auto found = clients_.find(session);
  if (found == clients_.end()) return {};
  Client& client = found->second;
  const Subscriptions before = client.subscriptions;
  for (const auto& [channel, symbol] : channels) {
    if (add) {
      client.subscriptions.Add(channel, symbol);
    } else {
      client.subscriptions.Remove(channel, symbol);
    }
  }
  SendSnapshots(client, [&](domain::SymbolId symbol) { return !before.Wants(Channel::kOrderBook, symbol); });
  std::vector<std::string> names = NamesOf(client);
  RemoveCut();
  return names;
}

std::vector<std::string> Hub::Channels(std::uint64_t session) const {
  std::lock_guard lock(mutex_);
  const auto found = clients_.find(session);
  return found == clients_.end() ? std::vector<std::string>{} : NamesOf(found->second);
}

void Hub::SignIn(std::uint64_t session, domain::AccountId account) {
  std::lock_guard lock(mutex_);
  if (const auto found = clients_.find(session); found != clients_.end()) found->second.account = account;
}

void Hub::Reply(std::uint64_t session, std::string text) {
  std::lock_guard lock(mutex_);
  const auto found = clients_.find(session);
  if (found == clients_.end()) return;
  if (!found->second.session->Send(std::move(text))) Cut(session);
  RemoveCut();
}

bool Hub::OnTrade(const wire::MarketTrade& trade) {
  std::lock_guard lock(mutex_);
  Market& market = markets_.at(trade.symbol.value());
  if (trade.id <= market.last_trade) return false;
  market.last_trade = trade.id;
  Broadcast(Channel::kTrade, trade.symbol, [&] { return TradeMessage(trade, market.symbol); });
  return true;
}

bool Hub::OnDepth(const wire::MarketDepth& depth) {
  std::lock_guard lock(mutex_);
  Market& market = markets_.at(depth.symbol.value());
  if (depth.sequence <= market.last_depth) return false;
  for (const domain::BookChange& change : depth.changes) market.book.Apply(depth.sequence, change);
  const domain::SequenceNumber previous = std::exchange(market.last_depth, depth.sequence);
  Broadcast(Channel::kOrderBook, depth.symbol, [&] { return BookMessage(depth, previous, market.symbol); });
  return true;
}

bool Hub::OnTicker(const ports::Ticker& ticker) {
  std::lock_guard lock(mutex_);
  const Market& market = markets_.at(ticker.symbol.value());
  Broadcast(Channel::kTicker, ticker.symbol, [&] { return TickerMessage(ticker, market.symbol); });
  return true;
}

bool Hub::OnUserEvents(const wire::UserEvents& events) {
  std::lock_guard lock(mutex_);
  bool anybody = false;
  for (const auto& [id, client] : clients_) anybody = anybody || client.account == events.account;
  if (!anybody) {
    last_user_events_.erase(events.account);
    return true;
  }
  domain::SequenceNumber& last = last_user_events_[events.account];
  if (events.sequence <= last) return false;
  last = events.sequence;
  for (const wire::UserEvent& event : events.events) {
    const domain::EventId id{events.sequence, event.index};
    std::string text;
    if (const auto* report = std::get_if<domain::ExecutionReport>(&event.event)) {
      text = ExecutionMessage(id, events.timestamp_ns, *report, markets_.at(report->symbol.value()).symbol,
                              assets_.at(report->fee_asset.value()));
    } else if (const auto* change = std::get_if<domain::BalanceChange>(&event.event)) {
      text = BalanceMessage(id, events.timestamp_ns, *change, assets_.at(change->asset.value()));
    } else {
      continue;
    }
    const auto shared = std::make_shared<const std::string>(std::move(text));
    for (auto& [session, client] : clients_) {
      if (client.account == events.account) Deliver(client, shared, static_cast<Channel>(kPrivate));
    }
  }
  RemoveCut();
  return true;
}

void Hub::SendSnapshots(Client& client, const std::function<bool(domain::SymbolId)>& wanted) {
  for (const Market& market : markets_) {
    const domain::SymbolId symbol = market.symbol.id;
    if (!client.subscriptions.Wants(Channel::kOrderBook, symbol) || !wanted(symbol)) continue;
    domain::BookSnapshot snapshot = market.book.Snapshot(symbol, config_.snapshot_depth);
    snapshot.sequence = market.last_depth;
    Deliver(client, std::make_shared<const std::string>(SnapshotMessage(snapshot, market.symbol)), Channel::kOrderBook);
  }
}

void Hub::Broadcast(Channel channel, domain::SymbolId symbol, const std::function<std::string()>& text) {
  std::shared_ptr<const std::string> shared;  // made for the first client that wants it
  for (auto& [id, client] : clients_) {
    if (!client.subscriptions.Wants(channel, symbol)) continue;
    if (!shared) shared = std::make_shared<const std::string>(text());
    Deliver(client, shared, channel);
  }
  RemoveCut();
}

bool Hub::Deliver(Client& client, const std::shared_ptr<const std::string>& text, Channel channel) {
  const auto index = static_cast<std::size_t>(channel);
  const bool sent = client.session->Send(text);
  (sent ? delivered_ : dropped_)[index]->Increment();
  if (!sent) Cut(client.session->id());
  return sent;
}

void Hub::Cut(std::uint64_t session) {
  const auto found = clients_.find(session);
  if (found == clients_.end()) return;
  if (found->second.session->open()) {
    slow_total_.Increment();
    found->second.session->Close(http::kClosePolicyViolation, kSlowConsumer);
  }
  cut_.push_back(session);
}

void Hub::RemoveCut() {
  for (const std::uint64_t session : std::exchange(cut_, {})) clients_.erase(session);
  sessions_gauge_.Set(static_cast<std::int64_t>(clients_.size()));
}

std::vector<std::string> Hub::NamesOf(const Client& client) const {
  return client.subscriptions.Names(
      [this](domain::SymbolId symbol) { return std::string(markets_.at(symbol.value()).symbol.code.view()); });
}

std::vector<SessionInfo> Hub::Sessions() const {
  std::lock_guard lock(mutex_);
  std::vector<SessionInfo> sessions;
  for (const auto& [id, client] : clients_) {
    sessions.push_back({id, client.session->remote_address(), client.account, client.session->queued_bytes(), NamesOf(client)});
  }
  return sessions;
}

void Hub::CloseAll() {
  std::lock_guard lock(mutex_);
  for (auto& [id, client] : clients_) client.session->Close(http::kCloseGoingAway, "the exchange is shutting down");
}

}  // namespace xt::notifier
