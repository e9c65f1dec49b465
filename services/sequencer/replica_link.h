// ReplicaLink: the sequencer's side of one connection to matching. It numbers the connections, so that what an old one
// still says is recognised, and holds back what the replica has no room for, in order. Used by the sequencer's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/frame.h"
#include "libs/ports/matching_replica.h"
#include "services/sequencer/inbox.h"

namespace xt::sequencer {

class ReplicaLink {
 public:
  ReplicaLink(ports::MatchingReplica& replica, std::shared_ptr<Inbox> inbox)
      : replica_(replica), inbox_(std::move(inbox)) {}

  absl::StatusOr<ports::ReplicaPosition> Connect(const ports::SequencerPosition& position) {
    held_.clear();
    connected_ = true;
    const std::uint64_t connection = ++connection_;
    return replica_.Connect(
        [inbox = inbox_, connection](absl::StatusOr<ports::FrameResults> results) {
          inbox->Tell(ReplicaTold{connection, std::move(results)});
        },
        position);
  }
  // What the present connection says from now on is not listened to, and nothing more is sent.
  void Drop() {
    ++connection_;
    connected_ = false;
    held_.clear();
  }
  [[nodiscard]] bool IsCurrent(std::uint64_t connection) const { return connection == connection_; }

  // An error means that the replica is gone. A full replica is none: see Flush.
  absl::Status Offer(std::shared_ptr<const domain::Frame> frame) { return Send(Message(std::move(frame))); }
  absl::Status Commit(domain::SequenceNumber sequence) { return Send(Message(sequence)); }

  absl::Status Published(domain::SequenceNumber sequence) {
    return connected_ ? replica_.Published(sequence) : absl::OkStatus();
  }

  // Tries again to send what was held back.
  absl::Status Flush() {
    while (!held_.empty()) {
      absl::Status status = TrySend(held_.front());
      if (absl::IsResourceExhausted(status)) return absl::OkStatus();
      if (!status.ok()) return status;
      held_.pop_front();
    }
    return absl::OkStatus();
  }
  [[nodiscard]] bool holding() const { return !held_.empty(); }

 private:
  using Message = std::variant<std::shared_ptr<const domain::Frame>, domain::SequenceNumber>;

  absl::Status TrySend(const Message& message) {
    if (const auto* frame = std::get_if<std::shared_ptr<const domain::Frame>>(&message)) return replica_.Offer(*frame);
    return replica_.Commit(std::get<domain::SequenceNumber>(message));
  }
  absl::Status Send(Message message) {
    if (!connected_) return absl::OkStatus();
    if (held_.empty()) {
      absl::Status status = TrySend(message);
      if (!absl::IsResourceExhausted(status)) return status;
    }
    held_.push_back(std::move(message));
    return absl::OkStatus();
  }

  ports::MatchingReplica& replica_;
  const std::shared_ptr<Inbox> inbox_;
  std::uint64_t connection_ = 0;
  bool connected_ = false;
  std::deque<Message> held_;  // bounded by the frames that may be open
};

}  // namespace xt::sequencer
