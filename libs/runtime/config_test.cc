#include "libs/runtime/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "libs/base/status.h"
#include "libs/runtime/runtime_config.h"

namespace xt::runtime {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

enum class Durability { kMemory, kDisk };

struct SampleConfig {
  std::int64_t segment_bytes = 4096;
  std::uint16_t port = 8080;
  bool fsync = true;
  std::string owner = "nobody";
  std::string folder = "data";
  std::string secret;
  std::string needed = "x";
  Durability durability = Durability::kDisk;
  std::vector<std::string> symbols = {"BTC-KRW"};
};

ConfigSchema Describe(SampleConfig& config) {
  ConfigSchema schema;
  schema
      .Int64("journal.segment_bytes", &config.segment_bytes,
             {.min = 1024, .max = 1'000'000, .unit = "bytes", .doc = "Size of a segment."})
      .Int64("http.port", &config.port, {.doc = "Port.", .alias = "port"})
      .Bool("journal.fsync", &config.fsync, {.doc = "Whether to sync."})
      .String("owner", &config.owner, {.doc = "Owner.", .max_length = 10})
      .Path("data", &config.folder, {.doc = "Folder."})
      .String("auth.secret", &config.secret, {.doc = "Secret.", .secret = true, .max_length = 8})
      .String("needed", &config.needed, {.doc = "Needed.", .required = true})
      .Enum("journal.durability", &config.durability, {{"memory", Durability::kMemory}, {"disk", Durability::kDisk}},
            {.doc = "Durability."})
      .StringList("symbols", &config.symbols, {.doc = "Symbols.", .min_items = 1, .max_items = 3});
  return schema;
}

class ConfigTest : public testing::Test {
 protected:
  // The path of a file with this content.
  std::string File(const std::string& content) {
    const std::string path =
        testing::TempDir() + "xt_config_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".toml";
    std::ofstream(path) << content;
    return path;
  }

  absl::Status Load(ConfigSources sources) { return schema_.Load(sources).status(); }
  std::string Error(const ConfigSources& sources) {
    const absl::Status status = Load(sources);
    EXPECT_FALSE(status.ok());
    return std::string(status.message());
  }
  std::string FileError(const std::string& content) { return Error({{"--config", File(content)}, {}}); }

  SampleConfig config_;
  ConfigSchema schema_ = Describe(config_);
};

TEST_F(ConfigTest, DefaultsAreWhatTheStructHolds) {
  ASSERT_TRUE(Load({}).ok());
  EXPECT_EQ(config_.segment_bytes, 4096);
  EXPECT_EQ(config_.durability, Durability::kDisk);
}

TEST_F(ConfigTest, EveryTypeLoadsFromAFile) {
  const std::string path = File(R"(
owner = "me"
data = "/tmp/x"
needed = "y"
symbols = ["A-B", "C-D"]
auth.secret = "pw"
[journal]
segment_bytes = 10_000
fsync = false
durability = "memory"
[http]
port = 1
)");
  ASSERT_EQ(Load({{"--config=" + path}, {}}), absl::OkStatus());
  EXPECT_EQ(config_.owner, "me");
  EXPECT_EQ(config_.folder, "/tmp/x");
  EXPECT_EQ(config_.symbols, (std::vector<std::string>{"A-B", "C-D"}));
  EXPECT_EQ(config_.secret, "pw");
  EXPECT_EQ(config_.segment_bytes, 10'000);
  EXPECT_FALSE(config_.fsync);
  EXPECT_EQ(config_.durability, Durability::kMemory);
  EXPECT_EQ(config_.port, 1);
}

TEST_F(ConfigTest, EveryTypeLoadsFromEnvironmentAndFlags) {
  ASSERT_EQ(Load({{"--journal.fsync=false", "--symbols", "A-B,C-D", "--journal.durability", "memory"},
                  {{"XT_JOURNAL_SEGMENT_BYTES", "2048"}, {"XT_OWNER", "env"}, {"PATH", "/bin"}}}),
            absl::OkStatus());
  EXPECT_FALSE(config_.fsync);
  EXPECT_EQ(config_.symbols, (std::vector<std::string>{"A-B", "C-D"}));
  EXPECT_EQ(config_.durability, Durability::kMemory);
  EXPECT_EQ(config_.segment_bytes, 2048);
  EXPECT_EQ(config_.owner, "env");
}

TEST_F(ConfigTest, ABareFlagSetsABoolean) {
  config_.fsync = false;
  ASSERT_EQ(Load({{"--journal.fsync", "--owner", "me"}, {}}), absl::OkStatus());
  EXPECT_TRUE(config_.fsync);
  EXPECT_EQ(config_.owner, "me");
}

TEST_F(ConfigTest, FlagsWinOverEnvironmentOverFile) {
  const std::string path = File("journal.segment_bytes = 2001\nhttp.port = 2001\nowner = \"file\"\n");
  ASSERT_EQ(
      Load({{"--port", "2003"}, {{"XT_CONFIG", path}, {"XT_HTTP_PORT", "2002"}, {"XT_JOURNAL_SEGMENT_BYTES", "2002"}}}),
      absl::OkStatus());
  EXPECT_EQ(config_.owner, "file");
  EXPECT_EQ(config_.segment_bytes, 2002);
  EXPECT_EQ(config_.port, 2003);
  EXPECT_EQ(schema_.Find("owner")->origin, path + ":3");
  EXPECT_EQ(schema_.Find("journal.segment_bytes")->origin, "environment XT_JOURNAL_SEGMENT_BYTES");
  EXPECT_EQ(schema_.Find("http.port")->origin, "flag --port");
  EXPECT_EQ(schema_.Find("symbols")->origin, "default");
}

TEST_F(ConfigTest, UnknownKeyInAFileNamesKeyAndLine) {
  EXPECT_THAT(FileError("owner = \"me\"\n[journal]\nsegment_byte = 1\n"),
              AllOf(HasSubstr("unknown config key journal.segment_byte "), HasSubstr(".toml:3)")));
}

TEST_F(ConfigTest, UnknownVariableAndFlagAreNamed) {
  EXPECT_THAT(Error({{}, {{"XT_JOURNAL_SEGMENT", "1"}}}), HasSubstr("environment XT_JOURNAL_SEGMENT"));
  EXPECT_THAT(Error({{"--segment=1"}, {}}), HasSubstr("flag --segment"));
  EXPECT_THAT(Error({{"serve"}, {}}), HasSubstr("'serve'"));
  EXPECT_THAT(Error({{"--"}, {}}), HasSubstr("'--'"));
}

TEST_F(ConfigTest, AFlagWithoutItsValueIsNamed) {
  EXPECT_THAT(Error({{"--owner"}, {}}), HasSubstr("flag --owner needs a value"));
  EXPECT_THAT(Error({{"--config"}, {}}), HasSubstr("flag --config needs a value"));
}

TEST_F(ConfigTest, TheLastSpellingOfAFlagWins) {
  ASSERT_EQ(Load({{"--port=1", "--http.port", "2", "--journal.segment_bytes=2048", "--port", "3"}, {}}),
            absl::OkStatus());
  EXPECT_EQ(config_.port, 3);
  EXPECT_EQ(schema_.Find("http.port")->origin, "flag --port");
  EXPECT_EQ(schema_.Find("journal.segment_bytes")->origin, "flag --journal.segment_bytes");
  EXPECT_THAT(Error({{"--port=70000", "--http.port=2"}, {}}), HasSubstr("http.port = 70000"));
}

TEST_F(ConfigTest, AFlagTakesAnyTextAsItsValue) {
  ASSERT_EQ(Load({{"--owner", "--port", "--data=", "--symbols=[a,b]"}, {}}), absl::OkStatus());
  EXPECT_EQ(config_.owner, "--port");
  EXPECT_EQ(config_.folder, "");
  EXPECT_EQ(config_.symbols, (std::vector<std::string>{"[a", "b]"}));
  EXPECT_THAT(Error({{"--journal.fsync="}, {}}), HasSubstr("flag --journal.fsync needs a value"));
  EXPECT_THAT(Error({{"--journal.fsync", "false"}, {}}), HasSubstr("'false'"));
  EXPECT_THAT(Error({{"-x"}, {}}), HasSubstr("'-x'"));
  EXPECT_THAT(Error({{"--help=maybe"}, {}}), HasSubstr("--help"));
}

TEST_F(ConfigTest, OutOfBoundsNamesKeyValueBoundsAndPlace) {
  EXPECT_THAT(FileError("\njournal.segment_bytes = 5\n"),
              AllOf(HasSubstr("config key journal.segment_bytes = 5 "), HasSubstr(".toml:2)"),
                    HasSubstr("must be 1024 to 1000000 bytes")));
  EXPECT_THAT(Error({{}, {{"XT_JOURNAL_SEGMENT_BYTES", "1000001"}}}),
              AllOf(HasSubstr("journal.segment_bytes = 1000001"), HasSubstr("environment XT_JOURNAL_SEGMENT_BYTES")));
  EXPECT_THAT(Error({{"--port", "65536"}, {}}),
              AllOf(HasSubstr("http.port = 65536"), HasSubstr("flag --port"), HasSubstr("0 to 65535")));
  EXPECT_THAT(Error({{"--owner=12345678901"}, {}}), AllOf(HasSubstr("owner"), HasSubstr("at most 10 characters")));
  EXPECT_THAT(Error({{"--symbols="}, {}}), AllOf(HasSubstr("symbols"), HasSubstr("1 to 3 items")));
  EXPECT_THAT(Error({{"--symbols=a,b,c,d"}, {}}), AllOf(HasSubstr("symbols"), HasSubstr("1 to 3 items")));
  EXPECT_THAT(FileError("journal.durability = \"paper\"\n"),
              AllOf(HasSubstr("journal.durability = \"paper\""), HasSubstr("one of memory, disk")));
}

TEST_F(ConfigTest, WrongTypeNamesKeyAndPlace) {
  EXPECT_THAT(FileError("journal.segment_bytes = \"big\"\n"),
              AllOf(HasSubstr("journal.segment_bytes = \"big\""), HasSubstr(":1)"), HasSubstr("must be integer")));
  EXPECT_THAT(FileError("journal.segment_bytes = 4096.5\n"),
              AllOf(HasSubstr("journal.segment_bytes"), HasSubstr("float")));
  EXPECT_THAT(FileError("journal.fsync = 1\n"), AllOf(HasSubstr("journal.fsync"), HasSubstr("true or false")));
  EXPECT_THAT(FileError("owner = 1\n"), AllOf(HasSubstr("owner"), HasSubstr("must be string")));
  EXPECT_THAT(FileError("symbols = \"a\"\n"), AllOf(HasSubstr("symbols"), HasSubstr("list of strings")));
  EXPECT_THAT(FileError("symbols = [1]\n"), AllOf(HasSubstr("symbols"), HasSubstr("list of strings")));
  EXPECT_THAT(FileError("journal.durability = 1\n"), AllOf(HasSubstr("journal.durability"), HasSubstr("choice")));
  for (const char* bad : {"", "1x", " 1", "+1", "0x10", "99999999999999999999", "1.0"}) {
    EXPECT_THAT(Error({{}, {{"XT_HTTP_PORT", bad}}}), HasSubstr("config key http.port = "));
  }
  EXPECT_THAT(Error({{"--journal.fsync=yes"}, {}}), HasSubstr("journal.fsync = \"yes\""));
}

TEST_F(ConfigTest, ATableWhereAValueBelongsIsNamed) {
  EXPECT_THAT(FileError("[owner]\nname = \"x\"\n"), HasSubstr("unknown config key owner.name"));
  EXPECT_THAT(FileError("journal = 3\n"), HasSubstr("unknown config key journal "));
}

TEST_F(ConfigTest, BadFilesAreNamed) {
  EXPECT_THAT(Error({{"--config", "/nonexistent/x.toml"}, {}}), HasSubstr("/nonexistent/x.toml"));
  EXPECT_THAT(FileError("a = 1\nb = \n"), AllOf(HasSubstr("config file "), HasSubstr(".toml:2")));
  EXPECT_THAT(FileError("owner = \"a\"\nowner = \"b\"\n"), HasSubstr(".toml:2"));
  EXPECT_EQ(Load({{"--config", File("")}, {}}), absl::OkStatus());
}

TEST_F(ConfigTest, RequiredKeyMustNotBeEmpty) {
  config_.needed.clear();
  EXPECT_THAT(Error({}), AllOf(HasSubstr("config key needed is required"), HasSubstr("XT_NEEDED")));
  EXPECT_EQ(Load({{"--needed", "z"}, {}}), absl::OkStatus());
}

TEST_F(ConfigTest, SecretsAreNeverPrinted) {
  EXPECT_THAT(Error({{"--auth.secret=hunter2-hunter2"}, {}}),
              AllOf(HasSubstr("auth.secret"), Not(HasSubstr("hunter"))));
  ASSERT_EQ(Load({{"--auth.secret=hunter2"}, {}}), absl::OkStatus());
  EXPECT_THAT(schema_.Toml() + schema_.Help("p", "s") + schema_.Markdown(), Not(HasSubstr("hunter")));
  EXPECT_THAT(schema_.Toml(), HasSubstr("# auth.secret = ***"));
}

TEST_F(ConfigTest, ChecksRunAfterLoading) {
  schema_.Check(
      [this] { return config_.port == 9 ? absl::InvalidArgumentError("http.port must not be 9") : absl::OkStatus(); });
  EXPECT_EQ(Load({}), absl::OkStatus());
  EXPECT_THAT(Error({{"--port=9"}, {}}), HasSubstr("http.port must not be 9"));
}

TEST_F(ConfigTest, PartsAreCombinedUnderPrefixes) {
  SampleConfig gateway;
  SampleConfig sequencer;
  ConfigSchema all;
  ConfigSchema part = Describe(sequencer);
  part.Check([&] { return sequencer.port == 9 ? absl::InvalidArgumentError("not 9") : absl::OkStatus(); });
  all.Include("gateway.", Describe(gateway)).Include("sequencer.", part).Alias("gateway.http.port", "port");
  const ConfigSources sources{{"--port=1", "--sequencer.http.port=2"}, {{"XT_SEQUENCER_OWNER", "seq"}}};
  ASSERT_EQ(all.Load(sources).status(), absl::OkStatus());
  EXPECT_EQ(gateway.port, 1);
  EXPECT_EQ(sequencer.port, 2);
  EXPECT_EQ(sequencer.owner, "seq");
  EXPECT_EQ(gateway.owner, "nobody");
  EXPECT_FALSE(all.Load({{"--sequencer.http.port=9"}, {}}).ok());
}

TEST_F(ConfigTest, DefaultsCanBeReplaced) {
  schema_.Default("http.port", std::int64_t{7}).Default("owner", std::string("other"));
  ASSERT_EQ(Load({}), absl::OkStatus());
  EXPECT_EQ(config_.port, 7);
  EXPECT_EQ(config_.owner, "other");
  EXPECT_EQ(schema_.Find("http.port")->origin, "default");
}

TEST_F(ConfigTest, RequestsAreReportedWithoutLoading) {
  const auto help = schema_.Load({{"--help"}, {{"XT_HTTP_PORT", "bad"}}});
  ASSERT_TRUE(help.ok());
  EXPECT_TRUE(help->help);
  EXPECT_TRUE(schema_.Load({{"--version"}, {}})->version);
  EXPECT_TRUE(schema_.Load({{"--help-markdown"}, {}})->help_markdown);
  EXPECT_TRUE(schema_.Load({{"--print-config"}, {}})->print_config);
}

TEST(ConfigDeathTest, MistakesInADescriptionAbort) {
  SampleConfig config;
  ConfigSchema schema = Describe(config);
  EXPECT_DEATH(schema.Bool("Owner", &config.fsync, {.doc = "x"}), "Owner");
  EXPECT_DEATH(schema.Bool("owner", &config.fsync, {.doc = "x"}), "owner");
  EXPECT_DEATH(schema.Bool("journal_segment.bytes", &config.fsync, {.doc = "x"}), "journal_segment.bytes");
  EXPECT_DEATH(schema.Bool("other", &config.fsync, {}), "other");
  EXPECT_DEATH(schema.Alias("owner", "port"), "port");
}

TEST(RuntimeConfigTest, ReflectionFollowsTheAddress) {
  RuntimeConfig config;
  EXPECT_TRUE(config.ReflectionEnabled());
  config.grpc_address = "0.0.0.0";
  EXPECT_FALSE(config.ReflectionEnabled());
  config.grpc_reflection = Reflection::kOn;
  EXPECT_TRUE(config.ReflectionEnabled());
  config.grpc_address = "127.0.0.1";
  config.grpc_reflection = Reflection::kOff;
  EXPECT_FALSE(config.ReflectionEnabled());
}

}  // namespace
}  // namespace xt::runtime
