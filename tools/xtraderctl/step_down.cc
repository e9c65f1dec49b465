#include "tools/xtraderctl/step_down.h"

#include <grpcpp/grpcpp.h>

#include <thread>

#include "absl/strings/str_cat.h"
#include "tools/xtraderctl/status.h"
#include "xtrader/v1/sequencer_service.grpc.pb.h"

namespace xt::ctl {
namespace {

namespace pb = xtrader::v1;

constexpr std::chrono::seconds kPatience{10};
constexpr std::chrono::milliseconds kBetweenQuestions{20};

}  // namespace

absl::StatusOr<Leader> StepDown(const std::vector<std::string>& sequencers, const std::string& reason, bool force) {
  pb::SequencerServiceStepDownRequest request;
  request.set_reason(reason);
  request.set_force(force);
  std::string answers = "no sequencer steps down";
  for (const std::string& address : sequencers) {
    const auto stub = pb::SequencerService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    pb::SequencerServiceStepDownResponse response;
    const grpc::Status status = stub->StepDown(&context, request, &response);
    if (status.ok()) return Leader{response.leader_id(), static_cast<std::int64_t>(response.epoch())};
    absl::StrAppend(&answers, "\n  ", address, ": ", status.error_message());
  }
  return absl::FailedPreconditionError(answers);
}

std::optional<Leader> SuccessorIn(const std::vector<InstanceState>& instances, std::int64_t epoch) {
  for (const InstanceState& state : instances) {
    if (state.readiness != Readiness::kReady) continue;
    for (const Role& role : state.roles) {
      if (role.role == "sequencer" && role.leads && role.epoch > epoch) return Leader{state.instance.name, role.epoch};
    }
  }
  return std::nullopt;
}

absl::StatusOr<Leader> AwaitSuccessor(const std::vector<Instance>& instances, std::int64_t epoch,
                                      std::chrono::steady_clock::time_point deadline) {
  while (true) {
    if (const auto successor = SuccessorIn(AskAll(instances), epoch)) return *successor;
    if (std::chrono::steady_clock::now() > deadline) return absl::DeadlineExceededError("nobody leads yet");
    std::this_thread::sleep_for(kBetweenQuestions);
  }
}

}  // namespace xt::ctl
