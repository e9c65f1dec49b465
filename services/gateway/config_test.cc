#include "services/gateway/config.h"

#include <gtest/gtest.h>

#include "libs/runtime/config.h"

namespace xt::gateway {
namespace {

TEST(GatewayConfigTest, AnUnknownKeyIsNamed) {
  GatewayConfig config;
  runtime::ConfigSchema schema;
  config.Describe(schema);
  const auto loaded = schema.Load({.arguments = {"--rest.prot", "1"}, .environment = {}});
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.status().message().find("rest.prot"), std::string::npos) << loaded.status();
}

TEST(GatewayConfigTest, AValueOutOfBoundsIsNamed) {
  GatewayConfig config;
  runtime::ConfigSchema schema;
  config.Describe(schema);
  const auto loaded = schema.Load({.arguments = {"--orders.timeout-ms", "0"}, .environment = {}});
  ASSERT_FALSE(loaded.ok());
  EXPECT_NE(loaded.status().message().find("orders.timeout_ms"), std::string::npos) << loaded.status();
}

}  // namespace
}  // namespace xt::gateway
