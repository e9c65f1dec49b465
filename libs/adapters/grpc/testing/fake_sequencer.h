// What tests of the order sequencing clients need: a sequencer that answers as the test says, the outcomes of commands that
// are known by a name, and the connection as the client tells it. All of it is thread-safe.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "libs/ports/order_sequencing.h"
#include "libs/wire/command_proto.h"
#include "libs/wire/event_proto.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::grpc_clients::testing {

namespace pb = ::xtrader::v1;
inline constexpr std::chrono::seconds kLimit{60};

// Answers each command with an event of the account's name that it asked for, or as the test says.
class FakeSequencer final : public pb::SequencerService::Service {
 public:
  grpc::Status Submit(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<pb::SubmitResponse, pb::SubmitRequest>* stream) override {
    {
      std::lock_guard lock(mutex_);
      context_ = context;
    }
    pb::SubmitRequest request;
    while (stream->Read(&request) && !draining()) {
      pb::SubmitResponse response;
      for (const pb::SubmittedCommand& command : request.commands()) Answer(command, response);
      if (!response.results().empty() && !stream->Write(response)) break;
    }
    std::lock_guard lock(mutex_);
    context_ = nullptr;
    return grpc::Status::OK;
  }

  // The outcome of commands from now on; UNSPECIFIED: none at all.
  void SetOutcome(pb::SubmitOutcome outcome) {
    std::lock_guard lock(mutex_);
    outcome_ = outcome;
  }
  // From now on streams end in order, and what arrives is not looked at.
  void Drain() {
    std::lock_guard lock(mutex_);
    draining_ = true;
  }
  void BreakStream() {
    std::lock_guard lock(mutex_);
    if (context_ != nullptr) context_->TryCancel();
  }
  bool WaitForReceived(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return received_ >= count; });
  }
  std::size_t received() {
    std::lock_guard lock(mutex_);
    return received_;
  }
  // The names of the commands that it applied, in its order.
  std::vector<std::string> applied() {
    std::lock_guard lock(mutex_);
    return applied_;
  }

 private:
  bool draining() {
    std::lock_guard lock(mutex_);
    return draining_;
  }

  void Answer(const pb::SubmittedCommand& command, pb::SubmitResponse& response) {
    std::lock_guard lock(mutex_);
    ++received_;
    changed_.notify_all();
    if (outcome_ == pb::SUBMIT_OUTCOME_UNSPECIFIED) return;
    pb::SubmittedResult* result = response.add_results();
    result->set_request_id(command.request_id());
    result->set_outcome(outcome_);
    result->set_detail("as told");
    if (outcome_ != pb::SUBMIT_OUTCOME_APPLIED) return;
    const auto decoded = wire::FromProto(command.command());
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    domain::AccountCreated created{domain::AccountId(1), std::get<domain::CreateAccount>(decoded->body).name};
    applied_.emplace_back(created.name.view());
    wire::ToProto(domain::CommandResult{domain::SequenceNumber(++sequence_), 5, {created}}, *result->mutable_result());
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  grpc::ServerContext* context_ = nullptr;
  pb::SubmitOutcome outcome_ = pb::SUBMIT_OUTCOME_APPLIED;
  bool draining_ = false;
  std::size_t received_ = 0;
  std::uint64_t sequence_ = 0;
  std::vector<std::string> applied_;
};

// The outcomes of named commands, each of which must come exactly once.
class Outcomes {
 public:
  ports::OrderSequencing::Done For(const std::string& name) {
    return [this, name](absl::StatusOr<domain::CommandResult> result) {
      std::lock_guard lock(mutex_);
      EXPECT_TRUE(results_.emplace(name, std::move(result)).second) << name << " was answered twice";
      changed_.notify_all();
    };
  }
  absl::StatusOr<domain::CommandResult> Wait(const std::string& name) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kLimit, [&] { return results_.contains(name); })) {
      return absl::DeadlineExceededError("no outcome of " + name);
    }
    return results_.at(name);
  }
  bool WaitForSize(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return results_.size() >= count; });
  }
  std::size_t size() {
    std::lock_guard lock(mutex_);
    return results_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, absl::StatusOr<domain::CommandResult>> results_;
};

class Connection {
 public:
  std::function<void(bool)> Observer() {
    return [this](bool connected) {
      std::lock_guard lock(mutex_);
      connected_ = connected;
      ++changes_;
      changed_.notify_all();
    };
  }
  // Waits for that state, reached after at least `changes` changes.
  bool WaitFor(bool connected, int changes = 0) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return connected_ == connected && changes_ >= changes; });
  }
  int changes() {
    std::lock_guard lock(mutex_);
    return changes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool connected_ = false;
  int changes_ = 0;
};

inline domain::Command Named(const std::string& name) {
  return {domain::CreateAccount{*domain::AccountName::From(name)}};
}

}  // namespace xt::grpc_clients::testing
