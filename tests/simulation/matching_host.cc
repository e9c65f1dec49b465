#include "tests/simulation/matching_host.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "libs/base/status.h"

namespace xt::sim {
namespace {

constexpr Nanos kCallTimeout = 5 * kSecond;
constexpr Nanos kAskTimeout = 250 * kMilli;
constexpr Nanos kFullPause = kMilli;
constexpr std::uint64_t kSnapshotEvery = 200;

absl::Status Away() { return absl::UnavailableError("matching cannot be reached"); }

}  // namespace

matching::EngineConfig SmallEngine(Mistake mistake) {
  matching::EngineConfig config;
  config.max_orders = 1'000;
  config.max_level_pages = 64;
  config.max_client_ids = 4'000;
  config.max_accounts = 32;
  config.max_countdowns = 32;
  config.max_assets = 8;
  config.max_symbols = 8;
  if (mistake == Mistake::kForgetDuplicates || mistake == Mistake::kRememberInLeader) config.client_id_retention_ns = 1;
  return config;
}

namespace {

// Has a thread of the replica answer, and waits for it.
template <typename Answer>
absl::StatusOr<Answer> Ask(World& world, MatchingHost& replica, Nanos timeout,
                           std::function<absl::StatusOr<Answer>(matching::MatchingApp&)> question) {
  struct Asked {
    std::optional<absl::StatusOr<Answer>> answer;
    WaitQueue changed;
  };
  if (replica.app() == nullptr) return Away();
  const auto asked = std::make_shared<Asked>();
  const Host client = world.host();
  world.network.Send(client, replica.host(), [&world, client, &replica, asked, question = std::move(question)] {
    if (replica.app() == nullptr) return;
    world.kernel.Spawn(replica.process(), [&world, client, &replica, asked, question, app = replica.app()] {
      auto answer = question(*app);
      world.network.Send(replica.host(), client, [&world, asked, answer = std::move(answer)] {
        asked->answer = answer;
        world.kernel.NotifyAll(asked->changed);
      });
    });
  });
  const Nanos deadline = world.kernel.now() + timeout;
  while (!asked->answer && world.kernel.Wait(asked->changed, deadline)) {
  }
  return asked->answer ? *asked->answer : Away();
}

}  // namespace

// All of it at once: it is small.
absl::Status MatchingHost::ReadFrom(const std::string& name, matching::SequenceRange range,
                                    const ports::ReplicaSnapshots::PieceVisitor& visitor) {
  const auto source = std::ranges::find(replicas_, name, &MatchingHost::name);
  if (source == replicas_.end()) return absl::NotFoundError("no replica is called " + name);
  XT_ASSIGN_OR_RETURN(
      const std::string bytes,
      Ask<std::string>(world_, **source, kCallTimeout,
                       [range](matching::MatchingApp& app) -> absl::StatusOr<std::string> {
                         std::string all;
                         XT_RETURN_IF_ERROR(app.ReadSnapshot(range.least, range.most, [&](std::string_view piece) {
                           all += piece;
                           return absl::OkStatus();
                         }));
                         return all;
                       }));
  return visitor(bytes);
}

void MatchingHost::Start() {
  process_ = world_.kernel.NewProcess();
  world_.Place(process_, host_);
  world_.kernel.Spawn(process_, [this] {
    struct Parts {
      runtime::MetricsRegistry metrics;
      runtime::HealthRegistry health{&metrics};
      std::unique_ptr<matching::MatchingApp> app;
    };
    auto parts = std::make_shared<Parts>();
    matching::MatchingConfig config;
    config.engine = SmallEngine(world_.mistake);
    config.snapshot_folder = folder_;
    config.snapshot_every_commands = kSnapshotEvery;
    parts->app =
        std::make_unique<matching::MatchingApp>(config, parts->metrics, parts->health, SystemClock::Instance(),
                                                [this](const std::string& name, matching::SequenceRange range,
                                                       const auto& visitor) { return ReadFrom(name, range, visitor); });
    if (!parts->app->Start().ok()) std::abort();
    app_ = std::shared_ptr<matching::MatchingApp>(parts, parts->app.get());
  });
}

void MatchingHost::Kill() {
  // A dead process destroys nothing.
  if (app_ != nullptr) new std::shared_ptr<matching::MatchingApp>(std::exchange(app_, nullptr));
  world_.kernel.Kill(process_);
}

struct MatchingLink::Session {
  std::shared_ptr<Stream> stream;
  std::shared_ptr<matching::MatchingApp> app;
  Observer observer;
  std::optional<absl::StatusOr<ports::ReplicaPosition>> position;
  WaitQueue changed;
};

absl::StatusOr<ports::ReplicaPosition> MatchingLink::Connect(Observer observer,
                                                             const ports::SequencerPosition& sequencer) {
  if (session_ != nullptr && session_->stream->broken()) present_ = (present_ + 1) % replicas_.size();
  if (session_ != nullptr) session_->stream->Close();
  session_ = nullptr;
  std::vector<std::pair<std::uint64_t, std::size_t>> by_progress;
  for (std::size_t i = 0; i < replicas_.size(); ++i) {
    const std::size_t at = (present_ + i) % replicas_.size();
    const auto data = AskReferenceData(*replicas_[at]);
    by_progress.emplace_back(data.ok() ? data->sequence.value() : 0, at);
  }
  std::ranges::stable_sort(by_progress, std::greater(), &std::pair<std::uint64_t, std::size_t>::first);
  absl::StatusOr<ports::ReplicaPosition> position = Away();
  for (const auto& [applied, at] : by_progress) {
    position = ConnectTo(*replicas_[at], observer, sequencer);
    if (!position.ok()) continue;
    present_ = at;
    break;
  }
  return position;
}

absl::StatusOr<ports::ReplicaPosition> MatchingLink::ConnectTo(MatchingHost& replica, const Observer& observer,
                                                               const ports::SequencerPosition& sequencer) {
  const ProcessId process = replica.process();
  if (!world_.kernel.Alive(process) || replica.app() == nullptr || world_.network.Lost(world_.host(), replica.host())) {
    world_.kernel.Sleep(250 * kMilli);
    return Away();
  }
  auto session = std::make_shared<Session>();
  session->app = replica.app();
  session->observer = observer;
  const auto own = std::make_shared<std::weak_ptr<Stream>>();
  session->stream = Stream::Open(
      world_, world_.kernel.process(), process,
      [session] {
        if (session->position && session->position->ok()) session->observer(absl::UnavailableError("the stream broke"));
        World::Current()->kernel.NotifyAll(session->changed);
      },
      [&replica, own, app = session->app] {
        if (replica.feeding == nullptr || replica.feeding != own->lock()) return;
        replica.feeding = nullptr;
        app->Disconnect();
      });
  *own = session->stream;
  session->stream->ToServer([&replica, session, sequencer] {
    const std::shared_ptr<Stream> stream = session->stream;
    auto connected = session->app->Connect(
        [session, stream](absl::StatusOr<ports::FrameResults> results) {
          stream->ToClient([session, results = std::move(results)] { session->observer(results); });
        },
        sequencer);
    if (connected.ok()) {
      if (replica.feeding != nullptr && replica.feeding != stream) replica.feeding->Break();
      replica.feeding = stream;
    }
    stream->ToClient([session, connected] {
      session->position = connected;
      World::Current()->kernel.NotifyAll(session->changed);
    });
  });
  const Nanos deadline = world_.kernel.now() + kCallTimeout;
  while (!session->position && !session->stream->broken()) {
    if (!world_.kernel.Wait(session->changed, deadline)) break;
  }
  if (!session->position || !session->position->ok() || session->stream->broken()) {
    session->stream->Close();
    return session->position && !session->position->ok() ? session->position->status() : Away();
  }
  session_ = session;
  return *session->position;
}

absl::Status MatchingLink::Offer(std::shared_ptr<const domain::Frame> frame) {
  if (session_ == nullptr || session_->stream->broken()) return Away();
  session_->stream->ToServer([session = session_, frame = std::move(frame)] {
    absl::Status status = session->app->Offer(frame);
    while (absl::IsResourceExhausted(status)) {
      World::Current()->kernel.Sleep(kFullPause);
      status = session->app->Offer(frame);
    }
    if (status.ok() && World::Current()->mistake == Mistake::kApplyUncommitted) {
      status = session->app->Commit(frame->last_sequence());
    }
    if (!status.ok()) session->stream->Break();
  });
  return absl::OkStatus();
}

absl::Status MatchingLink::Commit(domain::SequenceNumber sequence) {
  if (session_ == nullptr || session_->stream->broken()) return Away();
  session_->stream->ToServer([session = session_, sequence] {
    if (!session->app->Commit(sequence).ok()) session->stream->Break();
  });
  return absl::OkStatus();
}

absl::Status MatchingLink::Published(domain::SequenceNumber sequence) {
  if (session_ == nullptr || session_->stream->broken()) return Away();
  session_->stream->ToServer([session = session_, sequence] {
    if (!session->app->Published(sequence).ok()) session->stream->Break();
  });
  return absl::OkStatus();
}

absl::StatusOr<domain::BookSnapshot> MatchingLink::GetBook(domain::SymbolId, std::size_t) { return Away(); }
absl::StatusOr<ports::StateDigest> MatchingLink::GetStateDigest() { return Away(); }

absl::StatusOr<ports::ReferenceData> MatchingLink::AskReferenceData(MatchingHost& replica) {
  return Ask<ports::ReferenceData>(world_, replica, kAskTimeout,
                                   [](matching::MatchingApp& app) { return app.GetReferenceData(); });
}

absl::StatusOr<ports::SnapshotInfo> SnapshotLink::TakeSnapshot(bool) { return Away(); }

absl::StatusOr<std::vector<domain::SequenceNumber>> SnapshotLink::ListSnapshots() {
  return Ask<std::vector<domain::SequenceNumber>>(world_, replica_, kAskTimeout,
                                                  [](matching::MatchingApp& app) { return app.ListSnapshots(); });
}

absl::Status SnapshotLink::ReadSnapshot(domain::SequenceNumber, domain::SequenceNumber, const PieceVisitor&) {
  return Away();
}

absl::Status SnapshotLink::CopySnapshot(const std::string& source, domain::SequenceNumber at_least,
                                        domain::SequenceNumber at_most) {
  return Ask<bool>(world_, replica_, kCallTimeout,
                   [source, at_least, at_most](matching::MatchingApp& app) -> absl::StatusOr<bool> {
                     XT_RETURN_IF_ERROR(app.CopySnapshot(source, at_least, at_most));
                     return true;
                   })
      .status();
}

absl::StatusOr<ports::ReferenceData> MatchingLink::GetReferenceData() {
  absl::StatusOr<ports::ReferenceData> newest = Away();
  for (MatchingHost* replica : replicas_) {
    const auto data = AskReferenceData(*replica);
    if (data.ok() && (!newest.ok() || newest->sequence < data->sequence)) newest = data;
  }
  return newest;
}

}  // namespace xt::sim
