#include "tests/simulation/run.h"

#include <algorithm>
#include <cstdio>
#include <future>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "libs/adapters/embedded/wal_reader.h"
#include "libs/adapters/grpc/leader_router.h"
#include "libs/base/status.h"
#include "libs/domain/command.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/frame_codec.h"
#include "services/matching/core/engine.h"
#include "tests/simulation/faults.h"
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

// By a draw of its own, so that all others stay as they are.
bool HasStandbyFiles(const RunOptions& options) {
  if (options.standby_files || IsOfStandbyFiles(options.mistake)) return true;
  const bool honest = options.mistake == Mistake::kNone || options.mistake == Mistake::kHarmless;
  return honest && Rng(~options.seed).Below(3) == 0;
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
  void Trouble(const Mix& mix);
  void OneAfterAnother(const Mix& mix);
  // Checks.
  void Violate(const std::string& what);
  void AwaitSync();
  void CheckJournal();
  void CheckPublished();
  void CheckFiles();
  absl::Status CheckFile(const SequencerHost& host, const std::map<std::uint64_t, Hash128>& journal);
  void CheckAcknowledged(const std::vector<domain::CommandResult>& results,
                         const std::vector<const domain::Command*>& commands);
  void CheckReplicas();
  // From time to time, of all that can be asked.
  void LookAtReplicas();

  const RunOptions options_;
  Kernel kernel_;
  World world_;
  ExecutionsServer executions_;
  std::vector<std::unique_ptr<MatchingHost>> replicas_;
  std::vector<std::unique_ptr<SequencerHost>> sequencers_;
  Faults faults_;
  std::unique_ptr<grpc_clients::LeaderRouter> router_;
  ProcessId clients_ = kWorld;
  std::size_t clients_done_ = 0;
  Nanos last_answer_ = 0;
  bool peace_ = false;
  std::vector<Acknowledged> acknowledged_;
  std::vector<domain::Frame> frames_;
  std::vector<std::string> results_;  // encoded, of every command of the journal
  std::vector<Hash128> digests_;      // of the state after it; where one was shown
  std::vector<ports::StateDigest> shown_;
  RunReport report_;
};

Run::Run(const RunOptions& options)
    : options_(options),
      kernel_(options.seed),
      world_(kernel_, options.mistake),
      faults_(world_, sequencers_, replicas_, executions_) {
  World::Current() = &world_;
  world_.tells = options.tells;
  world_.standby_files = HasStandbyFiles(options);
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
    const std::string name = "matching-" + std::to_string(i + 1);
    replicas_.push_back(
        std::make_unique<MatchingHost>(world_, static_cast<Host>(50 + i), name, options_.folder + "/" + name));
    replicas.push_back(replicas_.back().get());
  }
  for (MatchingHost* const replica : replicas) {
    replica->SetReplicas(replicas);
    replica->Start();
  }
  for (std::size_t i = 0; i < kSequencers; ++i) {
    const std::string name = "sequencer-" + std::to_string(i + 1);
    sequencers_.push_back(std::make_unique<SequencerHost>(world_, static_cast<Host>(1 + i), name,
                                                          options_.folder + "/" + name, replicas, executions_));
  }
  for (const auto& host : sequencers_) {
    std::vector<const SequencerHost*> others;
    for (const auto& other : sequencers_) {
      if (other != host) others.push_back(other.get());
    }
    host->SetOthers(std::move(others));
    host->Start();
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
  world_.Tell(world_.standby_files ? "the exchange serves, standbys hold the journal, too" : "the exchange serves");
  for (std::uint32_t account = 1; account <= kClients; ++account) {
    kernel_.Spawn(clients_, [this, account] { Client(account); });
  }
  kernel_.Spawn(kWorld, [this] { LookAtReplicas(); });
  const Mix& mix = MixOf(options_.mistake, world_.standby_files, rng);
  mix.alone ? OneAfterAnother(mix) : Trouble(mix);
  world_.Tell("peace");
  peace_ = true;
  const Nanos deadline = kernel_.now() + kPatience;
  while (clients_done_ < kClients && kernel_.now() < deadline) kernel_.Sleep(100 * kMilli);
  if (clients_done_ < kClients) return Violate("orders are unanswered a minute after the last fault");
  AwaitSync();
  CheckJournal();
  CheckPublished();
  if (world_.standby_files && report_.violation.empty()) CheckFiles();
}

// Redis may have been away until a moment ago. What it never gets is missing in the journal then.
void Run::AwaitSync() {
  std::uint64_t last = 0;
  for (const Acknowledged& order : acknowledged_) last = std::max(last, order.sequence);
  const Nanos deadline = kernel_.now() + kPatience;
  const auto end = [this] {
    const auto& entries = world_.redis.entries();
    return entries.empty() ? 0 : entries.back()->last;
  };
  while (end() < last && kernel_.now() < deadline) kernel_.Sleep(100 * kMilli);
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

// Between them the pauses are short or long, by the seed.
void Run::Trouble(const Mix& mix) {
  const Nanos end = kernel_.now() + kTrouble;
  const Nanos mean = kernel_.rng().Between(300 * kMilli, 3 * kSecond);
  while (kernel_.now() < end) {
    kernel_.Sleep(kernel_.rng().Between(10 * kMilli, 2 * mean));
    faults_.Inject(mix);
    ++report_.faults;
  }
  kernel_.Sleep(4 * kSecond);  // every repair is done
  faults_.RepairAll();
}

// Faults that may each be alone: also those that destroy data, of which no two may come together.
void Run::OneAfterAnother(const Mix& mix) {
  for (int i = 0; i < kSingleFaults; ++i) {
    kernel_.Sleep(kernel_.rng().Between(10 * kMilli, kSecond));
    const Nanos before = kernel_.now();
    faults_.Inject(mix);
    ++report_.faults;
    kernel_.Sleep(5 * kSecond);  // it is repaired
    const Nanos repaired = kernel_.now();
    while (last_answer_ <= repaired && kernel_.now() < repaired + kHealing) kernel_.Sleep(100 * kMilli);
    if (last_answer_ <= repaired) {
      return Violate("no order was answered for 15 s after the fault at " + std::to_string(before / kMilli) + " ms");
    }
    kernel_.Sleep(2 * kSecond);  // both copies are in sync again
  }
}

void Run::Violate(const std::string& what) {
  world_.Tell("VIOLATION: " + what);
  if (report_.violation.empty()) report_.violation = what;
}

// The journal is what Redis holds once everything is in sync again, behind what was trimmed; its own copy was compared with
// it by the leader.
void Run::CheckJournal() {
  std::vector<const domain::Command*> commands;
  std::vector<domain::CommandResult> results;
  Hash128 previous;
  std::uint64_t epoch = 0;
  std::int64_t timestamp_ns = 0;
  auto oracle = std::make_unique<matching::Engine>(SmallEngine(options_.mistake));
  std::set<domain::SequenceNumber> shown;
  for (const ports::StateDigest& digest : shown_) shown.insert(digest.sequence);
  if (!world_.trimmed.violation.empty()) return Violate(world_.trimmed.violation);
  std::map<std::uint64_t, std::string> all = world_.trimmed.frames;
  all.erase(all.upper_bound(world_.redis.base()), all.end());
  for (const auto& entry : world_.redis.entries()) all[entry->last] = entry->bytes;
  frames_.reserve(all.size());
  for (const auto& [last, bytes] : all) {
    auto frame = wire::DecodeFrame(bytes);
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
    if (read.timestamp_ns < std::exchange(timestamp_ns, read.timestamp_ns)) {
      return Violate("journal time falls in the frame at " + std::to_string(last));
    }
    report_.epochs += begins ? 1 : 0;
    for (const domain::Command& command : read.commands) {
      commands.push_back(&command);
      const domain::SequenceNumber sequence(commands.size());
      const auto events = oracle->Apply(sequence, read.timestamp_ns, command);
      results.push_back({sequence, read.timestamp_ns, {events.begin(), events.end()}});
      digests_.push_back(shown.contains(sequence) ? oracle->Digest() : Hash128());
    }
  }
  report_.commands = commands.size();
  CheckAcknowledged(results, commands);
  CheckReplicas();
  for (const domain::CommandResult& result : results) results_.push_back(wire::EncodeEventBatch(result));
}

// A frame may follow meanwhile: another leader's first.
void Run::CheckPublished() {
  const Nanos deadline = kernel_.now() + kPatience;
  while (executions_.payloads.size() < results_.size() && kernel_.now() < deadline) kernel_.Sleep(100 * kMilli);
  if (executions_.payloads.size() < results_.size()) {
    return Violate("only " + std::to_string(executions_.payloads.size()) + " of " + std::to_string(results_.size()) +
                   " executions are published a minute after the last fault");
  }
  for (std::size_t i = 0; i < results_.size(); ++i) {
    if (executions_.payloads[i] != results_[i]) {
      return Violate("the published events of sequence " + std::to_string(i + 1) + " are not those of the journal");
    }
  }
  if (!executions_.violation.empty()) Violate(executions_.violation);
}

// Of all sequencers: each comes back into the in-sync set, and has what was acknowledged then.
void Run::CheckFiles() {
  const auto in_sync = [this] {
    return std::ranges::all_of(sequencers_, [](const auto& host) { return host->IsInSync(); });
  };
  const Nanos deadline = kernel_.now() + kPatience;
  while (!in_sync() && kernel_.now() < deadline) kernel_.Sleep(100 * kMilli);
  std::map<std::uint64_t, Hash128> journal;
  for (const domain::Frame& frame : frames_) journal[frame.last_sequence().value()] = frame.hash;
  for (const auto& host : sequencers_) {
    if (!host->IsInSync()) return Violate("the file of " + host->name() + " is not in sync a minute later");
    const absl::Status status = CheckFile(*host, journal);
    if (!status.ok()) return Violate("the file of " + host->name() + ": " + std::string(status.message()));
  }
}

absl::Status Run::CheckFile(const SequencerHost& host, const std::map<std::uint64_t, Hash128>& journal) {
  XT_ASSIGN_OR_RETURN(const embedded::WalReader reader, embedded::WalReader::Open(host.journal_folder()));
  std::uint64_t last = reader.base().sequence.value();
  const auto torn = reader.Read({}, [&](const ports::JournalRecord& record) {
    last = record.last_sequence.value();
    const auto found = journal.find(last);
    if (last > journal.rbegin()->first || (found != journal.end() && found->second == record.hash)) {
      return absl::OkStatus();
    }
    return absl::InternalError("its frame at " + std::to_string(last) + " is not the journal's");
  });
  XT_RETURN_IF_ERROR(torn.status());
  for (const Acknowledged& order : acknowledged_) {
    if (order.sequence > last) return absl::InternalError("it lacks order " + order.id + ", which was acknowledged");
  }
  return absl::OkStatus();
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
    const domain::CommandResult& result = results[order.sequence - 1];
    if (!order.events.empty() && order.events != wire::EncodeEventBatch(result)) {
      return Violate("order " + name + " was acknowledged with another result than the journal's");
    }
    const bool refused = std::holds_alternative<domain::CommandRejected>(result.events.front());
    if (refused && executed.contains({order.account, order.id})) {
      return Violate("order " + name + " was executed, and its client was told that it was refused");
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

// In their own processes: one that is paused answers later.
void Run::LookAtReplicas() {
  while (true) {
    for (const auto& replica : replicas_) {
      if (replica->app() == nullptr || !kernel_.Alive(replica->process())) continue;
      kernel_.Spawn(replica->process(), [this, app = replica->app()] {
        const auto digest = app->GetStateDigest();
        if (digest.ok() && digest->sequence.value() != 0) shown_.push_back(*digest);
      });
    }
    kernel_.Sleep(kernel_.rng().Between(kMilli, 400 * kMilli));
  }
}

// What they showed was the journal's state at that sequence, at any time.
void Run::CheckReplicas() {
  for (const ports::StateDigest& shown : shown_) {
    const std::string at = std::to_string(shown.sequence.value());
    if (shown.sequence.value() > digests_.size()) {
      return Violate("a replica of matching was at sequence " + at + ", which the journal does not have");
    }
    if (shown.digest != digests_[shown.sequence.value() - 1]) {
      return Violate("a replica of matching had another state at sequence " + at + " than the journal");
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
