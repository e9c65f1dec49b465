#include "tests/simulation/matching_host.h"

#include <optional>
#include <utility>

namespace xt::sim {
namespace {

constexpr Nanos kCallTimeout = 5 * kSecond;
constexpr Nanos kFullPause = kMilli;

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
  if (mistake == Mistake::kForgetDuplicates) config.client_id_retention_ns = 1;
  return config;
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
    parts->app = std::make_unique<matching::MatchingApp>(config, parts->metrics, parts->health);
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
  absl::StatusOr<ports::ReplicaPosition> position = Away();
  for (std::size_t tried = 0; tried < replicas_.size() && !position.ok(); ++tried) {
    position = ConnectTo(*replicas_[present_], observer, sequencer);
    if (!position.ok()) present_ = (present_ + 1) % replicas_.size();
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

absl::StatusOr<domain::BookSnapshot> MatchingLink::GetBook(domain::SymbolId, std::size_t) { return Away(); }
absl::StatusOr<ports::StateDigest> MatchingLink::GetStateDigest() { return Away(); }

absl::StatusOr<ports::ReferenceData> MatchingLink::GetReferenceData() {
  struct Asked {
    std::optional<absl::StatusOr<ports::ReferenceData>> answer;
    WaitQueue changed;
  };
  absl::StatusOr<ports::ReferenceData> newest = Away();
  for (MatchingHost* replica : replicas_) {
    if (replica->app() == nullptr) continue;
    const auto asked = std::make_shared<Asked>();
    const Host client = world_.host();
    world_.network.Send(client, replica->host(), [this, client, replica, asked] {
      if (replica->app() == nullptr) return;
      world_.kernel.Spawn(replica->process(), [this, client, replica, asked, app = replica->app()] {
        auto answer = app->GetReferenceData();
        world_.network.Send(replica->host(), client, [this, asked, answer] {
          asked->answer = answer;
          world_.kernel.NotifyAll(asked->changed);
        });
      });
    });
    const Nanos deadline = world_.kernel.now() + kSecond;
    while (!asked->answer && world_.kernel.Wait(asked->changed, deadline)) {
    }
    if (!asked->answer || !asked->answer->ok()) continue;
    if (!newest.ok() || newest->sequence < (*asked->answer)->sequence) newest = *asked->answer;
  }
  return newest;
}

}  // namespace xt::sim
