#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "libs/runtime/config.h"
#include "libs/runtime/runtime_config.h"

namespace xt::runtime {
namespace {

using testing::HasSubstr;

struct SmallConfig {
  std::int64_t size_bytes = 10;
  std::string name = "a|\"b\"";
  std::string token;
  std::vector<std::string> symbols = {"X", "Y"};
};

ConfigSchema Describe(SmallConfig& config) {
  ConfigSchema schema;
  schema.Int64("size_bytes", &config.size_bytes, {.max = 20, .unit = "bytes", .doc = "Size.", .alias = "size"})
      .String("name", &config.name, {.doc = "Name | title.", .max_length = 9})
      .String("token", &config.token, {.doc = "Token.", .required = true, .max_length = 9})
      .StringList("symbols", &config.symbols, {.doc = "Symbols.", .max_items = 4});
  return schema;
}

TEST(ConfigTextTest, Markdown) {
  SmallConfig config;
  EXPECT_EQ(Describe(config).Markdown(),
            "| key | type | default | bounds | meaning |\n"
            "|---|---|---|---|---|\n"
            "| `size_bytes` (`--size`) | integer | `10` | 0 to 20 bytes | Size. |\n"
            "| `name` | string | `\"a\\|\\\"b\\\"\"` | at most 9 characters | Name \\| title. |\n"
            "| `token` | string | required | at most 9 characters | Token. |\n"
            "| `symbols` | list of strings | `[\"X\", \"Y\"]` | 0 to 4 items | Symbols. |\n");
}

TEST(ConfigTextTest, HelpNamesEveryKeyWithUnitDefaultAndBounds) {
  SmallConfig config;
  const std::string help = Describe(config).Help("sample", "Does things.");
  EXPECT_THAT(help, HasSubstr("sample: Does things.\n"));
  EXPECT_THAT(help, HasSubstr("  --size-bytes, --size\n      Size.\n      integer, 0 to 20 bytes; default 10; "
                              "XT_SIZE_BYTES\n"));
  EXPECT_THAT(help, HasSubstr("string, at most 9 characters; required; XT_TOKEN"));
}

TEST(ConfigTextTest, PrintedConfigurationLoadsAgain) {
  SmallConfig config;
  ConfigSchema schema = Describe(config);
  ASSERT_TRUE(schema.Load({{"--size=11", "--token=t", "--symbols=Q", "--name=c\x01\"\\"}, {}}).ok());
  const std::string printed = schema.Toml();
  EXPECT_THAT(printed, HasSubstr("size_bytes = 11  # flag --size; 0 to 20 bytes\n"));

  const std::string path = testing::TempDir() + "xt_printed.toml";
  std::ofstream(path) << printed;
  SmallConfig again;
  ConfigSchema again_schema = Describe(again);
  ASSERT_EQ(again_schema.Load({{"--config", path}, {}}).status(), absl::OkStatus());
  EXPECT_EQ(again.size_bytes, 11);
  EXPECT_EQ(again.token, "t");
  EXPECT_EQ(again.name, config.name);
  EXPECT_EQ(again.symbols, std::vector<std::string>{"Q"});
}

TEST(ConfigTextTest, TheCommonKeysPrintAndLoadAgain) {
  RuntimeConfig config;
  ConfigSchema schema;
  config.Describe(schema);
  const std::string path = testing::TempDir() + "xt_common.toml";
  std::ofstream(path) << schema.Toml();
  EXPECT_EQ(schema.Load({{"--config", path}, {}}).status(), absl::OkStatus());
}

}  // namespace
}  // namespace xt::runtime
