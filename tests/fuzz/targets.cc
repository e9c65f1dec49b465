#include "tests/fuzz/targets.h"

#include <cstring>
#include <memory>
#include <string>

#include "libs/base/hash.h"
#include "tests/fuzz/command_reader.h"
#include "tests/scenarios/random_commands.h"

namespace xt::fuzz {

using matching::Engine;

namespace {

constexpr std::string_view kMagic = "XTSTATE\n";
constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kPrologBytes = 24;
constexpr std::size_t kHashBytes = 16;
constexpr std::int64_t kNsPerHour = std::int64_t{3'600} * 1'000'000'000;

class Session {
 public:
  explicit Session(std::unique_ptr<Engine> engine, std::int64_t now_ns) : engine_(std::move(engine)), now_ns_(now_ns) {}

  [[nodiscard]] std::int64_t now_ns() const { return now_ns_; }
  [[nodiscard]] const Engine& engine() const { return *engine_; }
  void Pass(std::int64_t step_ns) { now_ns_ += step_ns; }

  // Until something was wrong.
  std::span<const domain::Event> Apply(const domain::Command& command) {
    const auto events = engine_->Apply(domain::SequenceNumber(engine_->applied().value() + 1), now_ns_, command);
    if (wrong_.empty()) wrong_ = engine_->CheckInvariants();
    return events;
  }

  void Restart() {
    const std::string bytes = engine_->SaveSnapshot();
    std::string error;
    auto restored = Engine::RestoreSnapshot(Config(), bytes, &error);
    if (restored == nullptr) return Fail(error);
    if (restored->SaveSnapshot() != bytes) return Fail("a restored engine saves other bytes");
    if (restored->next_due_ns() != engine_->next_due_ns()) return Fail("a restored engine has another due time");
    engine_ = std::move(restored);
  }

  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  void Fail(const std::string& what) {
    if (wrong_.empty()) wrong_ = what;
  }

  std::unique_ptr<Engine> engine_;
  std::int64_t now_ns_;
  std::string wrong_;
};

// Meets every order that a restored engine may have: sells and buys through all books, cancels of all kinds, and time.
void GoOn(Session& session) {
  const auto symbols = static_cast<std::uint16_t>(session.engine().symbols().size());
  const auto accounts = static_cast<std::uint32_t>(session.engine().accounts().count());
  for (std::uint32_t account = 1; account < std::min(accounts, 8u); ++account) {
    for (std::uint16_t symbol = 0; symbol < symbols; ++symbol) {
      domain::NewOrder order;
      order.account = domain::AccountId(account);
      order.symbol = domain::SymbolId(symbol);
      order.self_trade_prevention = static_cast<domain::SelfTradePrevention>(1 + account % 5);
      order.client_order_id = *domain::ClientOrderId::From("on" + std::to_string(symbol));
      order.type = domain::OrderType::kMarket;
      order.side = account % 2 == 0 ? domain::Side::kBuy : domain::Side::kSell;
      order.quantity = domain::Quantity(1 + account * 7);
      session.Apply({order});
      if (account % 3 == 0) session.Apply({domain::SetSymbolStatus{order.symbol, domain::SymbolStatus::kTrading}});
    }
    session.Apply({domain::SetCountdown{domain::AccountId(account), {}, 1'000}});
    if (account % 3 == 1) session.Apply({domain::CancelAll{domain::AccountId(account), domain::kAllSymbols, {}}});
  }
  session.Restart();
  for (const std::int64_t step_ns : {kNsPerHour / 1'000, 25 * kNsPerHour, 25 * kNsPerHour}) {
    session.Pass(step_ns);
    session.Apply({domain::Tick{}});
  }
}

}  // namespace

matching::EngineConfig Config() {
  matching::EngineConfig config;
  config.max_orders = 48;
  config.max_level_pages = 24;
  config.max_client_ids = 96;
  config.max_accounts = 12;
  config.max_countdowns = 4;
  config.max_assets = 8;
  config.max_symbols = 8;
  return config;
}

std::string SnapshotOf(std::string_view body) {
  std::string bytes(kMagic);
  const std::uint64_t prolog[] = {kVersion, body.size()};
  bytes.append(reinterpret_cast<const char*>(prolog), sizeof(prolog));
  bytes.append(body);
  return bytes + HashBytes(bytes).ToBytes();
}

std::string_view BodyOf(std::string_view snapshot) {
  return snapshot.substr(kPrologBytes, snapshot.size() - kPrologBytes - kHashBytes);
}

std::string RunCommands(Bytes bytes) {
  Session session(std::make_unique<Engine>(Config()), kStartNs);
  for (const domain::Command& command : scenarios::RandomCommands(1, 1).Setup()) session.Apply(command);
  CommandReader reader(bytes);
  while (!reader.done() && session.wrong().empty()) {
    session.Pass(reader.ReadStepNs());
    if (reader.ReadRestart()) session.Restart();
    reader.Observe(session.Apply(reader.ReadCommand(session.now_ns())));
  }
  session.Restart();
  return session.wrong();
}

std::string RunSnapshot(Bytes bytes) {
  const std::string snapshot = SnapshotOf({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  std::string error;
  auto engine = Engine::RestoreSnapshot(Config(), snapshot, &error);
  if (engine == nullptr) return error.empty() ? "refused without a reason" : "";
  if (std::string broken = engine->CheckInvariants(); !broken.empty()) return broken;
  if (engine->SaveSnapshot() != snapshot) return "a restored engine saves other bytes";
  if (engine->applied().value() > std::uint64_t{1} << 62) return "";  // the next sequences would not be numbers
  // The fourth word is the journal time.
  std::int64_t now_ns = 0;
  std::memcpy(&now_ns, bytes.data() + 24, sizeof(now_ns));
  Session session(std::move(engine), now_ns);
  GoOn(session);
  return session.wrong();
}

}  // namespace xt::fuzz
