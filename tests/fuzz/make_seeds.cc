// fuzz_make_seeds FOLDER: writes the seeds of both fuzzers into FOLDER/commands and FOLDER/snapshot. To be run again when
// the format of snapshots changes.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/fuzz/targets.h"
#include "tests/scenarios/random_commands.h"

namespace xt::fuzz {
namespace {

bool Write(const std::filesystem::path& file, std::string_view bytes) {
  std::ofstream out(file, std::ios::binary);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return out.good();
}

std::string RandomBytes(std::uint64_t seed, std::size_t size) {
  scenarios::Random random(seed);
  std::string bytes;
  while (bytes.size() < size) bytes.push_back(static_cast<char>(random.Next()));
  return bytes;
}

std::string BodyAfter(int commands) {
  matching::Engine engine(Config());
  scenarios::RandomCommands source(static_cast<std::uint64_t>(commands), 2'000);
  std::int64_t now_ns = kStartNs;
  std::uint64_t sequence = 0;
  const auto apply = [&](const domain::Command& command) {
    const auto events = engine.Apply(domain::SequenceNumber(++sequence), now_ns, command);
    source.Observe({events.begin(), events.end()});
  };
  if (commands > 0) {
    for (const domain::Command& command : source.Setup()) apply(command);
  }
  for (int i = 0; i < commands; ++i) {
    now_ns += source.DrawStepNs();
    apply(source.Draw(now_ns));
  }
  return std::string(BodyOf(engine.SaveSnapshot()));
}

bool WriteSeeds(const std::filesystem::path& folder) {
  bool good = true;
  std::filesystem::create_directories(folder / "commands");
  std::filesystem::create_directories(folder / "snapshot");
  for (const std::size_t size : {std::size_t{40}, std::size_t{400}, std::size_t{1'200}, std::size_t{3'000}}) {
    good = Write(folder / "commands" / ("seed-" + std::to_string(size)), RandomBytes(size, size)) && good;
  }
  for (const int commands : {0, 1, 20, 60, 100, 150, 200, 300}) {
    good = Write(folder / "snapshot" / ("seed-" + std::to_string(commands)), BodyAfter(commands)) && good;
  }
  return good;
}

}  // namespace
}  // namespace xt::fuzz

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: fuzz_make_seeds FOLDER\n");
    return 2;
  }
  return xt::fuzz::WriteSeeds(argv[1]) ? 0 : 1;
}
