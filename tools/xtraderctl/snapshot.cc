#include "tools/xtraderctl/snapshot.h"

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::ctl {
namespace {

namespace pb = ::xtrader::v1;

// The whole state is written to the disk.
constexpr std::chrono::minutes kPatience{5};

}  // namespace

SnapshotAnswer TakeSnapshots(const std::vector<std::string>& matching, bool even_leading) {
  SnapshotAnswer answer;
  bool failed = matching.empty();
  if (matching.empty()) answer.text = "no replica of matching is named\n";
  for (const std::string& address : matching) {
    const auto stub = pb::MatchingService::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
    pb::TakeSnapshotRequest request;
    pb::TakeSnapshotResponse response;
    request.set_even_leading(even_leading);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + kPatience);
    const grpc::Status status = stub->TakeSnapshot(&context, request, &response);
    if (status.ok()) {
      answer.taken = true;
      absl::StrAppend(&answer.text, address, "  sequence ", response.sequence(), ", ", response.bytes(), " bytes\n");
    } else if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) {
      absl::StrAppend(&answer.text, address, "  not taken: ", status.error_message(), "\n");
    } else {
      failed = true;
      absl::StrAppend(&answer.text, address, "  failed: ", status.error_message(), "\n");
    }
  }
  answer.taken = answer.taken && !failed;
  return answer;
}

}  // namespace xt::ctl
