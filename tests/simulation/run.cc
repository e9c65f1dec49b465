#include "tests/simulation/run.h"

#include <algorithm>
#include <cstdio>
#include <future>
#include <map>
#include <memory>
#include <vector>

#include "libs/adapters/grpc/leader_router.h"
#include "libs/domain/command.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/frame_codec.h"
#include "services/matching/core/engine.h"
#include "tests/simulation/matching_host.h"
#include "tests/simulation/sequencer_host.h"

namespace xt::sim {
namespace {

constexpr std::size_t kSequencers = 3;
constexpr std::size_t kReplicas = 2;
constexpr std::size_t kClients = 4;
constexpr Nanos kTrouble = 12 * kSecond;   // faults come within it
constexpr int kSingleFaults = 3;           // in a run whose faults come one at a time
constexpr Nanos kHealing = 15 * kSecond;   // within it orders are answered again after one fault
constexpr Nanos kPatience = 60 * kSecond;  // after the last fault everything must have been answered

using Outcome = absl::StatusOr<domain::CommandResult>;

// What a client saw of one order.
struct Acknowledged {
  std::uint64_t account = 0;
  std::string id;
  std::uint64_t sequence = 0;
  std::string events;  // encoded; empty for an answer that names an earlier one
  Nanos invoked = 0;
  Nanos answered = 0;
};

domain::NewOrder RandomOrder(Rng& rng, std::uint32_t account, std::string_view id) {
  domain::NewOrder order;
  order.account = domain::AccountId(account);
  order.symbol = domain::SymbolId(0);
  order.side = rng.Chance(500'000) ? domain::Side::kBuy : domain::Side::kSell;
  order.type = domain::OrderType::kLimit;
  order.time_in_force = rng.Chance(300'000) ? domain::TimeInForce::kIoc : domain::TimeInForce::kGtc;
  order.price = domain::Price(static_cast<std::int64_t>(90 + rng.Below(20)));
  order.quantity = domain::Quantity(static_cast<std::int64_t>(1 + rng.Below(9)));
  order.client_order_id = *domain::ClientOrderId::From(id);
  return order;
}

// The commands that make a market and its accounts; each may be sent twice.
std::vector<domain::CommandBody> Setup() {
  std::vector<domain::CommandBody> bodies;
  bodies.push_back(domain::DefineAsset{*domain::AssetCode::From("BTC"), 8});
  bodies.push_back(domain::DefineAsset{*domain::AssetCode::From("KRW"), 4});
  domain::Symbol symbol;
  symbol.code = *domain::SymbolCode::From("BTC-KRW");
  symbol.base = domain::AssetId(0);
  symbol.quote = domain::AssetId(1);
  symbol.tick_size = domain::Amount(10'000);
  symbol.lot_size = domain::Amount(1'000'000);
  symbol.taker_fee_bps = 10;
  bodies.push_back(domain::DefineSymbol{symbol});
  for (std::uint32_t account = 1; account <= kClients; ++account) {
    bodies.push_back(domain::CreateAccount{*domain::AccountName::From("trader-" + std::to_string(account))});
    for (const domain::AssetId asset : {symbol.base, symbol.quote}) {
      bodies.push_back(domain::Deposit{domain::AccountId(account), asset, domain::Amount(1'000'000'000'000),
                                       *domain::ClientOrderId::From("d" + std::to_string(asset.value()))});
    }
  }
  return bodies;
}

class Run {
 public:
  explicit Run(const RunOptions& options);
  RunReport Go();

 private:
  void Main();
  // The clients' process.
  Outcome Ask(const domain::Command& command);
  Outcome AskUntilAnswered(const domain::Command& command);
  void Client(std::uint32_t account);
  // Faults.
  void Trouble();
  void Inject();
  void OneAfterAnother();
  void Destroy();
  void KillSequencer(bool power);
  SequencerHost& Leader();
  void Later(Nanos delay, std::function<void()> repair);
  SequencerHost& RandomSequencer() { return *sequencers_[kernel_.rng().Below(sequencers_.size())]; }
  // Checks.
  void Violate(const std::string& what);
  void CheckJournal();
  void CheckAcknowledged(const std::vector<domain::CommandResult>& results,
                         const std::vector<const domain::Command*>& commands);
  void CheckReplicas(const matching::Engine& oracle);

  const RunOptions options_;
  Kernel kernel_;
  World world_;
  ExecutionsServer executions_;
  std::vector<std::unique_ptr<MatchingHost>> replicas_;
  std::vector<std::unique_ptr<SequencerHost>> sequencers_;
  std::unique_ptr<grpc_clients::LeaderRouter> router_;
  ProcessId clients_ = kWorld;
  std::size_t clients_done_ = 0;
  Nanos last_answer_ = 0;
  bool peace_ = false;
  std::vector<Acknowledged> acknowledged_;
  std::vector<domain::Frame> frames_;
  RunReport report_;
};

Run::Run(const RunOptions& options) : options_(options), kernel_(options.seed), world_(kernel_, options.mistake) {
  World::Current() = &world_;
  world_.tells = options.tells;
}

RunReport Run::Go() {
  kernel_.Run([this] { Main(); });
  report_.trace_hash = kernel_.trace_hash();
  report_.switches = kernel_.switches();
  report_.simulated = kernel_.now();
  return report_;
}

void Run::Main() {
  Rng& rng = kernel_.rng();
  kernel_.SetPreemption(rng.Below(50'000));
  world_.network.SetSlowness(rng.Chance(200'000) ? 10 : 1);
  world_.redis.Start();
  std::vector<MatchingHost*> replicas;
  for (std::size_t i = 0; i < kReplicas; ++i) {
    replicas_.push_back(std::make_unique<MatchingHost>(world_, static_cast<Host>(50 + i)));
    replicas_.back()->Start();
    replicas.push_back(replicas_.back().get());
  }
  for (std::size_t i = 0; i < kSequencers; ++i) {
    const std::string name = "sequencer-" + std::to_string(i + 1);
    sequencers_.push_back(std::make_unique<SequencerHost>(world_, static_cast<Host>(1 + i), name,
                                                          options_.folder + "/" + name, replicas, executions_));
    sequencers_.back()->Start();
  }
  clients_ = kernel_.NewProcess();
  world_.Place(clients_, kClientHost);
  bool ready = false;
  kernel_.Spawn(clients_, [&] {
    grpc_clients::ClientOptions options;
    for (const auto& host : sequencers_) options.addresses.push_back(host->name());
    router_ = std::make_unique<grpc_clients::LeaderRouter>(
        options, [this](const std::string& address, const std::function<void(bool)>& on_connection) {
          if (on_connection) on_connection(true);
          const auto host = std::find_if(sequencers_.begin(), sequencers_.end(),
                                         [&](const auto& candidate) { return candidate->name() == address; });
          return std::make_unique<SequencerLink>(world_, **host);
        });
    for (const domain::CommandBody& body : Setup()) AskUntilAnswered({body}).IgnoreError();
    ready = true;
  });
  while (!ready && kernel_.now() < kPatience) kernel_.Sleep(100 * kMilli);
  if (!ready) return Violate("no exchange after a minute without a fault");
  world_.Tell("the exchange serves");
  for (std::uint32_t account = 1; account <= kClients; ++account) {
    kernel_.Spawn(clients_, [this, account] { Client(account); });
  }
  rng.Chance(700'000) ? Trouble() : OneAfterAnother();
  world_.Tell("peace");
  peace_ = true;
  const Nanos deadline = kernel_.now() + kPatience;
  while (clients_done_ < kClients && kernel_.now() < deadline) kernel_.Sleep(100 * kMilli);
  if (clients_done_ < kClients) return Violate("orders are unanswered a minute after the last fault");
  CheckJournal();
}

Outcome Run::Ask(const domain::Command& command) {
  auto promise = std::make_shared<std::promise<Outcome>>();
  auto future = promise->get_future();
  router_->Submit(command, [promise](Outcome outcome) { promise->set_value(std::move(outcome)); });
  return future.get();
}

Outcome Run::AskUntilAnswered(const domain::Command& command) {
  while (true) {
    Outcome outcome = Ask(command);
    if (outcome.ok()) return outcome;
    kernel_.Sleep(kernel_.rng().Between(5 * kMilli, 100 * kMilli));
  }
}

// Until there is peace, and then some: each order until it is answered.
void Run::Client(std::uint32_t account) {
  std::uint64_t number = 0;
  for (int after_peace = 0; after_peace < 5; after_peace += peace_ ? 1 : 0) {
    Acknowledged order;
    order.account = account;
    order.id = "o-" + std::to_string(++number);
    order.invoked = kernel_.now();
    const Outcome outcome = AskUntilAnswered({RandomOrder(kernel_.rng(), account, order.id)});
    last_answer_ = order.answered = kernel_.now();
    order.sequence = outcome->sequence.value();
    const auto* rejected = std::get_if<domain::CommandRejected>(&outcome->events.front());
    if (rejected != nullptr && rejected->original_sequence.value() != 0) {
      order.sequence = rejected->original_sequence.value();
    } else {
      order.events = wire::EncodeEventBatch(*outcome);
    }
    acknowledged_.push_back(std::move(order));
    ++report_.acknowledged;
    kernel_.Sleep(kernel_.rng().Between(kMilli, 60 * kMilli));
  }
  ++clients_done_;
}

void Run::Later(Nanos delay, std::function<void()> repair) { kernel_.At(delay, std::move(repair)); }

// Between them the pauses are short or long, by the seed.
void Run::Trouble() {
  const Nanos end = kernel_.now() + kTrouble;
  const Nanos mean = kernel_.rng().Between(300 * kMilli, 3 * kSecond);
  while (kernel_.now() < end) {
    kernel_.Sleep(kernel_.rng().Between(10 * kMilli, 2 * mean));
    Inject();
    ++report_.faults;
  }
  kernel_.Sleep(4 * kSecond);  // every repair is done
  world_.network.MendAll();
  world_.redis.Restart();
  world_.redis.SlowSync(0);
  world_.redis.RefuseWrites(false);
  world_.zookeeper.SetUp(true);
  for (const auto& host : sequencers_) host->disk().SlowSync(0);
}

// Faults that may each be alone: also those that destroy data, of which no two may come together.
void Run::OneAfterAnother() {
  for (int i = 0; i < kSingleFaults; ++i) {
    kernel_.Sleep(kernel_.rng().Between(10 * kMilli, kSecond));
    const Nanos before = kernel_.now();
    kernel_.rng().Chance(400'000) ? Destroy() : Inject();
    ++report_.faults;
    kernel_.Sleep(4 * kSecond);  // it is repaired
    const Nanos repaired = kernel_.now();
    while (last_answer_ <= repaired && kernel_.now() < repaired + kHealing) kernel_.Sleep(100 * kMilli);
    if (last_answer_ <= repaired) {
      return Violate("no order was answered for 15 s after the fault at " + std::to_string(before / kMilli) + " ms");
    }
    kernel_.Sleep(3 * kSecond);  // both copies are in sync again
  }
}

SequencerHost& Run::Leader() {
  for (const auto& host : sequencers_) {
    if (host->Serves()) return *host;
  }
  return RandomSequencer();
}

void Run::Destroy() {
  if (kernel_.rng().Chance(300'000)) {
    world_.Tell("FLUSHALL");
    return world_.redis.FlushAll();
  }
  SequencerHost& host = kernel_.rng().Chance(700'000) ? Leader() : RandomSequencer();
  if (!kernel_.Alive(host.process())) return;
  world_.Tell("kill " + host.name() + " and wipe its disk");
  host.Kill();
  host.WipeDisk();
  Later(kernel_.rng().Between(50 * kMilli, 3 * kSecond), [this, &host] {
    if (!kernel_.Alive(host.process())) host.Start();
  });
}

void Run::KillSequencer(bool power) {
  SequencerHost& host = kernel_.rng().Chance(500'000) ? Leader() : RandomSequencer();
  if (!kernel_.Alive(host.process())) return;
  world_.Tell((power ? "no power for " : "kill ") + host.name());
  power ? host.LosePower() : host.Kill();
  Later(kernel_.rng().Between(50 * kMilli, 3 * kSecond), [this, &host] {
    if (kernel_.Alive(host.process())) return;
    world_.Tell("start " + host.name());
    host.Start();
  });
}

void Run::Inject() {
  Rng& rng = kernel_.rng();
  const Nanos hold =
      rng.Chance(500'000) ? rng.Between(10 * kMilli, 500 * kMilli) : rng.Between(500 * kMilli, 4 * kSecond);
  switch (rng.Below(15)) {
    case 0:
    case 1: return KillSequencer(false);
    case 2: return KillSequencer(true);
    case 14: {  // two at once, of which each keeps what the other loses
      world_.Tell("Redis loses power");
      world_.redis.LosePower();
      Later(hold, [this] { world_.redis.Restart(); });
      return KillSequencer(true);
    }
    case 3: {
      SequencerHost& host = RandomSequencer();
      const ProcessId process = host.process();
      world_.Tell("pause " + host.name());
      kernel_.Pause(process);
      return Later(hold, [this, process] { kernel_.Continue(process); });
    }
    case 4: {
      world_.Tell("terminate a sequencer");
      return RandomSequencer().Terminate();
    }
    case 5: {
      MatchingHost& host = *replicas_[rng.Below(replicas_.size())];
      if (!kernel_.Alive(host.process())) return;
      world_.Tell("kill a replica of matching");
      host.Kill();
      return Later(hold, [this, &host] {
        if (!kernel_.Alive(host.process())) host.Start();
      });
    }
    case 6: {
      MatchingHost& host = *replicas_[rng.Below(replicas_.size())];
      const ProcessId process = host.process();
      world_.Tell("pause a replica of matching");
      kernel_.Pause(process);
      return Later(hold, [this, process] { kernel_.Continue(process); });
    }
    case 7: {
      world_.Tell("kill Redis");
      world_.redis.Kill();
      return Later(hold, [this] { world_.redis.Restart(); });
    }
    case 8: {
      world_.Tell("Redis loses power");
      world_.redis.LosePower();
      return Later(hold, [this] { world_.redis.Restart(); });
    }
    case 9: {
      world_.Tell("ZooKeeper is away");
      world_.zookeeper.SetUp(false);
      return Later(hold, [this] { world_.zookeeper.SetUp(true); });
    }
    case 10: {
      SequencerHost& host = RandomSequencer();
      const Host server = rng.Chance(500'000) ? kRedisHost : rng.Chance(500'000) ? kZooKeeperHost : kClientHost;
      world_.Tell("cut " + host.name() + " from " + std::to_string(server));
      const bool both = rng.Chance(700'000);
      world_.network.Cut(host.host(), server);
      if (both) world_.network.Cut(server, host.host());
      return Later(hold, [this, &host, server] {
        world_.network.Mend(host.host(), server);
        world_.network.Mend(server, host.host());
      });
    }
    case 11: {
      SequencerHost& host = RandomSequencer();
      world_.Tell("slow disk of " + host.name());
      host.disk().SlowSync(rng.Between(10 * kMilli, 900 * kMilli));
      return Later(hold, [&host] { host.disk().SlowSync(0); });
    }
    case 12: {
      world_.Tell("slow or full disk of Redis");
      rng.Chance(500'000) ? world_.redis.RefuseWrites(true) : world_.redis.SlowSync(2 * kSecond);
      return Later(hold, [this] {
        world_.redis.RefuseWrites(false);
        world_.redis.SlowSync(0);
      });
    }
    default: {
      SequencerHost& host = RandomSequencer();
      const Nanos by = rng.Chance(500'000) ? 3'600 * kSecond : -3'600 * kSecond;
      world_.Tell("the clock of " + host.name() + " jumps");
      kernel_.ShiftWallClock(host.process(), by);
      return;
    }
  }
}

void Run::Violate(const std::string& what) {
  world_.Tell("VIOLATION: " + what);
  if (report_.violation.empty()) report_.violation = what;
}

// The journal is what Redis holds once everything is in sync again; its own copy was compared with it by the leader.
void Run::CheckJournal() {
  std::vector<const domain::Command*> commands;
  std::vector<domain::CommandResult> results;
  Hash128 previous;
  std::uint64_t epoch = 0;
  auto oracle = std::make_unique<matching::Engine>(SmallEngine(Mistake::kNone));
  const auto entries = world_.redis.entries();
  frames_.reserve(entries.size());
  for (const auto& [last, entry] : entries) {
    auto frame = wire::DecodeFrame(entry->bytes);
    if (!frame.ok()) return Violate("the journal's frame at " + std::to_string(last) + " cannot be read");
    frames_.push_back(*std::move(frame));
    const domain::Frame& read = frames_.back();
    if (read.previous_hash != previous || read.first_sequence.value() != commands.size() + 1) {
      return Violate("the journal's frame at " + std::to_string(last) + " does not follow the one before");
    }
    previous = read.hash;
    const bool begins = std::holds_alternative<domain::EpochStart>(read.commands.front().body);
    if (begins ? read.epoch.value() <= epoch : read.epoch.value() != epoch) {
      return Violate("the epoch of the frame at " + std::to_string(last) + " is " + std::to_string(read.epoch.value()) +
                     " behind " + std::to_string(epoch));
    }
    epoch = read.epoch.value();
    report_.epochs += begins ? 1 : 0;
    for (const domain::Command& command : read.commands) {
      commands.push_back(&command);
      const domain::SequenceNumber sequence(commands.size());
      const auto events = oracle->Apply(sequence, read.timestamp_ns, command);
      results.push_back({sequence, read.timestamp_ns, {events.begin(), events.end()}});
    }
  }
  report_.commands = commands.size();
  CheckAcknowledged(results, commands);
  CheckReplicas(*oracle);
  for (std::size_t i = 0; i < executions_.payloads.size(); ++i) {
    if (i >= results.size()) return Violate("an execution was published that is not in the journal");
    if (executions_.payloads[i] != wire::EncodeEventBatch(results[i])) {
      return Violate("the published events of sequence " + std::to_string(i + 1) + " are not those of the journal");
    }
  }
  if (!executions_.violation.empty()) Violate(executions_.violation);
}

void Run::CheckAcknowledged(const std::vector<domain::CommandResult>& results,
                            const std::vector<const domain::Command*>& commands) {
  std::map<std::pair<std::uint64_t, std::string>, int> executed;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    const auto* order = std::get_if<domain::NewOrder>(&commands[i]->body);
    const bool refused = std::holds_alternative<domain::CommandRejected>(results[i].events.front());
    if (order == nullptr || refused) continue;
    const std::pair id(std::uint64_t{order->account.value()}, std::string(order->client_order_id.view()));
    if (++executed[id] > 1) return Violate("order " + id.second + " was executed twice");
  }
  for (const Acknowledged& order : acknowledged_) {
    const std::string name = order.id + " of account " + std::to_string(order.account);
    if (order.sequence == 0 || order.sequence > commands.size()) {
      return Violate("order " + name + " was acknowledged and is not in the journal");
    }
    const auto* found = std::get_if<domain::NewOrder>(&commands[order.sequence - 1]->body);
    if (found == nullptr || found->account.value() != order.account || found->client_order_id.view() != order.id) {
      return Violate("order " + name + " was acknowledged at a sequence that is another command's");
    }
    if (!order.events.empty() && order.events != wire::EncodeEventBatch(results[order.sequence - 1])) {
      return Violate("order " + name + " was acknowledged with another result than the journal's");
    }
  }
  // Who was answered before another was sent comes before it.
  std::vector<const Acknowledged*> by_sequence;
  for (const Acknowledged& order : acknowledged_) by_sequence.push_back(&order);
  std::sort(by_sequence.begin(), by_sequence.end(),
            [](const Acknowledged* a, const Acknowledged* b) { return a->sequence < b->sequence; });
  Nanos earliest_answer = kNever;
  for (auto it = by_sequence.rbegin(); it != by_sequence.rend(); ++it) {
    if (earliest_answer < (*it)->invoked)
      return Violate("order " + (*it)->id + " overtook one that was answered before it");
    earliest_answer = std::min(earliest_answer, (*it)->answered);
  }
}

void Run::CheckReplicas(const matching::Engine& oracle) {
  for (const auto& replica : replicas_) {
    if (replica->app() == nullptr) continue;
    const auto digest = replica->app()->GetStateDigest();
    if (digest.ok() && digest->sequence == oracle.applied() && digest->digest != oracle.Digest()) {
      return Violate("a replica of matching has another state than the journal");
    }
  }
}

}  // namespace

RunReport RunOnce(const RunOptions& options) {
  // Never destroyed: the dead processes' threads are still in it.
  auto* const run = new Run(options);
  return run->Go();
}

void World::Tell(const std::string& line) const {
  if (tells)
    std::printf("%10.6f  %s\n", static_cast<double>(kernel.now()) / static_cast<double>(kSecond), line.c_str());
}

}  // namespace xt::sim
