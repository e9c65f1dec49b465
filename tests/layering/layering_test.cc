#include "tests/layering/layering.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <ostream>

namespace xt::layering {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Case {
  const char* path;
  const char* include;
  const char* broken;  // part of the rule, or empty when the include is fine

  friend std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.path << " with " << c.include; }
};

class RuleTest : public ::testing::TestWithParam<Case> {};

TEST_P(RuleTest, JudgesTheInclude) {
  const auto found = CheckFile(GetParam().path, std::string("// comment\n#include ") + GetParam().include + "\n");
  if (*GetParam().broken == '\0') {
    EXPECT_THAT(found, IsEmpty()) << found.front().ToString();
    return;
  }
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].rule, HasSubstr(GetParam().broken));
  EXPECT_EQ(found[0].line, 2);
}

INSTANTIATE_TEST_SUITE_P(
    Allowed, RuleTest,
    ::testing::Values(Case{"libs/base/hash.cc", "\"libs/base/hash.h\"", ""}, Case{"libs/base/clock.h", "<chrono>", ""},
                      Case{"libs/base/hash.cc", "\"absl/strings/str_cat.h\"", ""},
                      Case{"libs/domain/order.h", "\"libs/base/strong_type.h\"", ""},
                      Case{"libs/ports/store.h", "\"libs/domain/order.h\"", ""},
                      Case{"libs/wire/order.cc", "\"xtrader/v1/order.pb.h\"", ""},
                      Case{"libs/http/server.cc", "<boost/beast.hpp>", ""},
                      Case{"libs/auth/hmac.cc", "\"libs/base/check.h\"", ""},
                      Case{"libs/http/internal/session.h", "<boost/beast.hpp>", ""},
                      Case{"libs/adapters/embedded/store.cc", "<sqlite3.h>", ""},
                      Case{"libs/adapters/embedded/store.h", "\"libs/ports/store.h\"", ""},
                      Case{"libs/adapters/grpc/client.h", "<grpcpp/grpcpp.h>", ""},
                      Case{"libs/runtime/app.cc", "\"libs/adapters/embedded/store.h\"", ""},
                      Case{"libs/runtime/internal/host.h", "<grpcpp/grpcpp.h>", ""},
                      Case{"services/matching/core/book.h", "\"libs/domain/order.h\"", ""},
                      Case{"services/matching/core/book.h", "\"services/matching/core/level.h\"", ""},
                      Case{"services/matching/core/book.h", "\"absl/container/flat_hash_map.h\"", ""},
                      Case{"services/matching/core/book_test.cc", "<chrono>", ""},
                      Case{"services/matching/core/book_test.cc", "\"tests/support/orders.h\"", ""},
                      Case{"services/matching/core/book_test.cc", "\"services/matching/testing/orders.h\"", ""},
                      Case{"services/matching/matching_app.cc", "\"libs/runtime/app.h\"", ""},
                      Case{"services/matching/matching_service.h", "\"xtrader/v1/matching_service.grpc.pb.h\"", ""},
                      Case{"services/matching/matching_app.cc", "<spdlog/spdlog.h>", ""},
                      Case{"services/standalone/standalone_app.cc", "\"services/matching/matching_app.h\"", ""}));

INSTANTIATE_TEST_SUITE_P(
    Broken, RuleTest,
    ::testing::Values(
        Case{"libs/base/hash.cc", "\"libs/domain/order.h\"", "libs/base sees only itself"},
        Case{"libs/base/hash.cc", "\"hash.h\"", "path from the root"},
        Case{"libs/base/hash.cc", "\"../domain/order.h\"", "path from the root"},
        Case{"libs/domain/order.h", "\"libs/ports/store.h\"", "libs/domain sees only base"},
        Case{"libs/domain/order.h", "\"xtrader/v1/order.pb.h\"", "generated messages"},
        Case{"libs/domain/order.cc", "<boost/asio.hpp>", "Boost"},
        Case{"libs/ports/store.h", "\"libs/wire/order.h\"", "libs/ports sees only"},
        Case{"libs/ports/store.h", "<sqlite3.h>", "libs/adapters/embedded"},
        Case{"libs/wire/order.cc", "\"libs/ports/store.h\"", "libs/wire sees only"},
        Case{"libs/wire/order.cc", "\"xtrader/v1/matching_service.grpc.pb.h\"", "gRPC"},
        Case{"libs/http/server.cc", "\"libs/domain/order.h\"", "libs/http sees only"},
        Case{"libs/http/server.h", "<boost/beast.hpp>", "heavy header"},
        Case{"libs/auth/signature.cc", "\"libs/http/message.h\"", "libs/auth sees only"},
        Case{"libs/adapters/embedded/store.cc", "\"libs/adapters/grpc/client.h\"", "an adapter sees only"},
        Case{"libs/adapters/embedded/store.cc", "\"libs/runtime/app.h\"", "an adapter sees only"},
        Case{"libs/adapters/embedded/store.cc", "<grpcpp/grpcpp.h>", "gRPC"},
        Case{"libs/adapters/redis/journal.cc", "<librdkafka/rdkafka.h>", "libs/adapters/kafka"},
        Case{"libs/runtime/app.cc", "\"services/matching/matching_app.h\"", "never a service"},
        Case{"libs/runtime/app.h", "<spdlog/spdlog.h>", "heavy header"},
        Case{"libs/runtime/app.h", "<toml++/toml.h>", "heavy header"},
        Case{"services/matching/core/book.cc", "<chrono>", "a core knows no"},
        Case{"services/matching/core/book.cc", "<sys/socket.h>", "a core knows no"},
        Case{"services/matching/core/book.cc", "<boost/container/flat_map.hpp>", "a core knows no"},
        Case{"services/matching/core/book.cc", "\"libs/base/bounded_queue.h\"", "a core knows no"},
        Case{"services/matching/core/book.cc", "\"xtrader/v1/order.pb.h\"", "a core knows no"},
        Case{"services/matching/core/book.cc", "\"libs/ports/store.h\"", "a core sees only"},
        Case{"services/matching/core/book.cc", "\"services/matching/matching_app.h\"", "a core sees only"},
        Case{"services/matching/core/book_test.cc", "\"services/gateway/core/x.h\"", "a core sees only"},
        Case{"services/matching/core/book.cc", "\"services/matching/testing/orders.h\"", "a core sees only"},
        Case{"services/matching/matching_app.cc", "\"services/gateway/gateway_app.h\"", "never another service"},
        Case{"services/matching/matching_app.cc", "<pqxx/pqxx>", "libs/adapters/postgres"},
        Case{"services/matching/matching_app.cc", "\"tests/support/orders.h\"", "never another service"},
        Case{"services/matching/matching_app.h", "<prometheus/counter.h>", "heavy header"},
        Case{"services/matching/matching_app.h", "\"xtrader/v1/order_service.grpc.pb.h\"", "heavy header"}));

TEST(ParseTest, SeesEveryWayToWriteAnInclude) {
  EXPECT_THAT(CheckFile("libs/base/a.cc", "  #  include  \"libs/domain/a.h\"  // why\n"), SizeIs(1));
  EXPECT_THAT(CheckFile("libs/base/a.cc", "#include\t<pqxx/pqxx>"), SizeIs(1));
  EXPECT_THAT(CheckFile("libs/base/a.cc", "// #include \"libs/domain/a.h\"\n#define X\n#include X\n\n"), IsEmpty());
}

TEST(PlaceTest, EveryFolderHasALayer) {
  const auto found = CheckFile("libs/shared/thing.h", "");
  ASSERT_THAT(found, SizeIs(1));
  EXPECT_THAT(found[0].rule, HasSubstr("without a layer"));
}

TEST(TreeTest, FindsPlantedViolationsAndSaysWhere) {
  std::string folder = ::testing::TempDir() + "/layering.XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  const std::filesystem::path root = folder;
  std::filesystem::create_directories(root / "libs/base");
  std::filesystem::create_directories(root / "services/matching/core");
  std::ofstream(root / "libs/base/good.h") << "#pragma once\n#include <vector>\n";
  std::ofstream(root / "services/matching/core/book.cc") << "#include <vector>\n\n#include <thread>\n";
  std::ofstream(root / "services/matching/README.md") << "#include <thread>\n";

  const TreeReport report = CheckTree(root);
  std::filesystem::remove_all(root);

  EXPECT_EQ(report.files, 2);
  ASSERT_THAT(report.violations, SizeIs(1));
  EXPECT_EQ(
      report.violations[0].ToString(),
      "services/matching/core/book.cc:3: \"thread\" breaks: a core knows no I/O, clock, thread, random number, gRPC or "
      "protobuf");
}

TEST(TreeTest, TheRepositoryKeepsTheRules) {
  const TreeReport report = CheckTree(XT_SOURCE_DIR);
  EXPECT_GT(report.files, 0);
  for (const Violation& violation : report.violations) ADD_FAILURE() << violation.ToString();
}

}  // namespace
}  // namespace xt::layering
