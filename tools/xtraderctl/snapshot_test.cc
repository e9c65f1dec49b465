#include "tools/xtraderctl/snapshot.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "xtrader/v1/matching_service.grpc.pb.h"

namespace xt::ctl {
namespace {

namespace pb = ::xtrader::v1;
using ::testing::HasSubstr;

class FakeReplica final : public pb::MatchingService::Service {
 public:
  explicit FakeReplica(const grpc::Status& answer) : answer_(answer) {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
    address = "127.0.0.1:" + std::to_string(port);
  }
  grpc::Status TakeSnapshot(grpc::ServerContext*, const pb::TakeSnapshotRequest* request,
                            pb::TakeSnapshotResponse* response) override {
    if (request->even_leading()) answer_ = grpc::Status::OK;
    response->set_sequence(5321);
    response->set_bytes(77);
    return answer_;
  }
  std::string address;

 private:
  grpc::Status answer_;
  std::unique_ptr<grpc::Server> server_;
};

const grpc::Status kLeads(grpc::StatusCode::FAILED_PRECONDITION, "it works for the leader: orders would wait");

TEST(SnapshotTest, AStandbyWritesAndTheLeadersReplicaIsPassedOver) {
  const FakeReplica leading(kLeads);
  const FakeReplica standby(grpc::Status::OK);
  const SnapshotAnswer answer = TakeSnapshots({leading.address, standby.address}, false);
  EXPECT_TRUE(answer.taken);
  EXPECT_EQ(answer.text, leading.address + "  not taken: it works for the leader: orders would wait\n" +
                             standby.address + "  sequence 5321, 77 bytes\n");
  EXPECT_THAT(TakeSnapshots({leading.address}, true).text, HasSubstr("sequence 5321"));
}

TEST(SnapshotTest, NoneTakenOrAFailureIsNoSuccess) {
  const FakeReplica leading(kLeads);
  const FakeReplica standby(grpc::Status::OK);
  const FakeReplica full(grpc::Status(grpc::StatusCode::UNAVAILABLE, "no space left"));
  EXPECT_FALSE(TakeSnapshots({}, false).taken);
  EXPECT_FALSE(TakeSnapshots({leading.address}, false).taken);
  const SnapshotAnswer answer = TakeSnapshots({full.address, standby.address}, false);
  EXPECT_FALSE(answer.taken);
  EXPECT_THAT(answer.text, HasSubstr("failed: no space left"));
}

}  // namespace
}  // namespace xt::ctl
