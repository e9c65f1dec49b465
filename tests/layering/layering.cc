#include "tests/layering/layering.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

namespace xt::layering {
namespace {

using Prefixes = std::vector<std::string>;

struct Include {
  int line = 0;
  std::string_view path;
  bool quoted = false;
};

// What the place of a file in the tree allows it.
struct Place {
  std::string rule;          // says who may be included
  Prefixes repository;       // folders of ours that it may include
  bool messages = false;     // generated xtrader/v1/*.pb.h
  bool services = false;     // generated xtrader/v1/*.grpc.pb.h, and gRPC itself
  bool boost = false;        // Boost
  bool core = false;         // no I/O, clock, thread or random number
  std::string backend;       // its own client library
  bool heavy_header = true;  // a header here may include heavy headers
};

struct Client {
  std::string_view prefix;
  std::string_view backend;
};

// The client library of a backend is seen by the adapter of that backend alone.
constexpr std::array kClients{
    Client{"hiredis/", "redis"},       Client{"librdkafka/", "kafka"},  Client{"rabbitmq-c/", "rabbitmq"},
    Client{"amqp", "rabbitmq"},        Client{"pqxx/", "postgres"},     Client{"libpq", "postgres"},
    Client{"zookeeper/", "zookeeper"}, Client{"sqlite3.h", "embedded"},
};

constexpr std::array<std::string_view, 7> kHeavy{"grpcpp/",  "boost/", "spdlog/",    "toml++",
                                                 "toml.hpp", "CLI/",   "prometheus/"};

// Whole names, or folders with a slash at the end.
constexpr std::array<std::string_view, 44> kNotInCores{
    // threads
    "thread", "mutex", "shared_mutex", "condition_variable", "future", "semaphore", "latch", "barrier", "stop_token",
    "pthread.h", "absl/synchronization/", "libs/base/bounded_queue.h",
    // clocks and random numbers
    "chrono", "ctime", "time.h", "random", "absl/time/", "absl/random/", "libs/base/clock.h",
    // files, sockets, processes
    "fstream", "filesystem", "iostream", "unistd.h", "fcntl.h", "poll.h", "netdb.h", "sys/", "netinet/", "arpa/",
    "signal.h", "csignal", "dirent.h",
    // libraries that do those things
    "google/protobuf/", "grpc/", "openssl/", "curl/", "nlohmann/", "simdjson.h", "sodium.h", "zlib.h", "xtrader/",
    "absl/debugging/", "absl/flags/", "sqlite3.h"};

bool MatchesName(std::string_view include, std::string_view name) {
  return name.ends_with('/') ? include.starts_with(name) : include == name;
}

template <typename Range>
bool StartsWithAny(std::string_view path, const Range& prefixes) {
  return std::any_of(std::begin(prefixes), std::end(prefixes),
                     [&](const auto& prefix) { return path.starts_with(prefix); });
}

// The first `count` components of a path, with a slash at the end.
std::string Folder(std::string_view path, int count) {
  std::size_t end = 0;
  for (int i = 0; i < count; ++i) {
    end = path.find('/', end);
    if (end == std::string_view::npos) return "";
    ++end;
  }
  return std::string(path.substr(0, end));
}

std::optional<Include> ParseInclude(std::string_view text, int line) {
  const auto skip_blanks = [&] { text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size())); };
  skip_blanks();
  if (!text.starts_with('#')) return std::nullopt;
  text.remove_prefix(1);
  skip_blanks();
  if (!text.starts_with("include")) return std::nullopt;
  text.remove_prefix(7);
  skip_blanks();
  if (text.empty() || (text.front() != '<' && text.front() != '"')) return std::nullopt;
  const bool quoted = text.front() == '"';
  text.remove_prefix(1);
  return Include{line, text.substr(0, text.find(quoted ? '"' : '>')), quoted};
}

std::vector<Include> ParseIncludes(std::string_view content) {
  std::vector<Include> includes;
  int line = 0;
  while (!content.empty()) {
    const std::string_view text = content.substr(0, content.find('\n'));
    if (const auto include = ParseInclude(text, ++line)) includes.push_back(*include);
    content.remove_prefix(std::min(text.size() + 1, content.size()));
  }
  return includes;
}

bool IsTest(std::string_view path) { return path.ends_with("_test.cc"); }

std::optional<Place> LibraryPlace(std::string_view path) {
  const std::string folder = Folder(path, 2);
  Place place;
  place.heavy_header = false;
  if (folder == "libs/base/") {
    place.rule = "libs/base sees only itself";
    place.repository = {"libs/base/"};
  } else if (folder == "libs/domain/") {
    place.rule = "libs/domain sees only base";
    place.repository = {"libs/base/", folder};
  } else if (folder == "libs/ports/") {
    place.rule = "libs/ports sees only base and domain";
    place.repository = {"libs/base/", "libs/domain/", folder};
  } else if (folder == "libs/wire/") {
    place.rule = "libs/wire sees only base, domain and the generated messages";
    place.repository = {"libs/base/", "libs/domain/", folder};
    place.messages = true;
  } else if (folder == "libs/auth/") {
    place.rule = "libs/auth sees only base";
    place.repository = {"libs/base/", folder};
  } else if (folder == "libs/http/") {
    place.rule = "libs/http sees only base and Boost";
    place.repository = {"libs/base/", folder};
    place.boost = true;
    place.heavy_header = path.starts_with("libs/http/internal/");
  } else if (folder == "libs/bootstrap/") {
    place.rule = "libs/bootstrap sees only base, domain, ports and auth";
    place.repository = {"libs/base/", "libs/domain/", "libs/ports/", "libs/auth/", folder};
  } else if (folder == "libs/backends/") {
    place.rule = "libs/backends sees libs/, never a service";
    place.repository = {"libs/"};
  } else if (folder == "libs/adapters/") {
    const std::string own = Folder(path, 3);
    if (own.empty()) return std::nullopt;
    place.backend = own.substr(folder.size(), own.size() - folder.size() - 1);
    place.rule = "an adapter sees only base, domain, ports, wire, http and its own folder";
    place.repository = {"libs/base/", "libs/domain/", "libs/ports/", "libs/wire/", "libs/http/", own};
    place.messages = place.boost = true;
    place.services = place.heavy_header = place.backend == "grpc";
  } else if (folder == "libs/runtime/") {
    place.rule = "libs/runtime sees libs/, never a service";
    place.repository = {"libs/"};
    place.messages = place.services = place.boost = true;
    place.heavy_header = path.starts_with("libs/runtime/internal/");
  } else {
    return std::nullopt;
  }
  return place;
}

std::optional<Place> ServicePlace(std::string_view path) {
  const std::string own = Folder(path, 2);
  if (own.empty()) return std::nullopt;
  Place place;
  place.heavy_header = path.ends_with("_service.h") && path.find('/', own.size()) == std::string_view::npos;
  if (path.starts_with(own + "core/")) {
    place.rule = "a core sees only base, domain and itself";
    place.repository = {"libs/base/", "libs/domain/", own + "core/"};
    place.core = true;
    return place;
  }
  place.messages = place.services = place.boost = true;
  if (own == "services/standalone/") {
    place.rule = "services/standalone sees libs/ and services/";
    place.repository = {"libs/", "services/"};
  } else {
    place.rule = "a service sees libs/ and itself, never another service";
    place.repository = {"libs/", own};
  }
  return place;
}

// A test may besides use what supports tests, there or in its own library or service, and whatever the system offers.
std::optional<Place> PlaceOf(std::string_view path) {
  auto place = path.starts_with("libs/") ? LibraryPlace(path) : ServicePlace(path);
  if (place && IsTest(path)) {
    place->repository.emplace_back("tests/support/");
    place->repository.emplace_back("tools/servers/");
    place->repository.push_back(Folder(path, 2) + "testing/");
    place->core = false;
  }
  return place;
}

bool IsOurs(std::string_view include) {
  return StartsWithAny(include,
                       std::array<std::string_view, 6>{"libs/", "services/", "tests/", "bench/", "tools/", "build/"});
}

bool IsGrpc(std::string_view include) {
  return StartsWithAny(include, std::array<std::string_view, 2>{"grpcpp/", "grpc/"}) || include.ends_with(".grpc.pb.h");
}

bool IsHeavy(std::string_view include) { return StartsWithAny(include, kHeavy) || include.ends_with(".grpc.pb.h"); }

bool IsMessage(std::string_view include) {
  return include.starts_with("xtrader/") || include.starts_with("google/protobuf/");
}

std::string CheckOutside(const Place& place, std::string_view include) {
  if (IsGrpc(include)) {
    return place.services ? "" : "gRPC is seen only by adapters/grpc, runtime and the services outside their cores";
  }
  if (IsMessage(include)) {
    return place.messages
               ? ""
               : "generated messages are seen only by wire, adapters, runtime and the services outside their cores";
  }
  if (include.starts_with("boost/") && !place.boost) {
    return "Boost is seen only by http, adapters, runtime and the services outside their cores";
  }
  for (const Client& client : kClients) {
    if (include.starts_with(client.prefix) && place.backend != client.backend) {
      return "this client library belongs to libs/adapters/" + std::string(client.backend);
    }
  }
  return "";
}

// The rule that the include breaks, or nothing.
std::string BrokenRule(const Place& place, std::string_view path, const Include& include) {
  if (include.quoted && (include.path.starts_with('.') || include.path.find('/') == std::string_view::npos)) {
    return "files of ours are included by their path from the root of the repository";
  }
  if (place.core && (StartsWithAny(include.path, kHeavy) ||
                     std::any_of(kNotInCores.begin(), kNotInCores.end(),
                                 [&](std::string_view name) { return MatchesName(include.path, name); }))) {
    return "a core knows no I/O, clock, thread, random number, gRPC or protobuf";
  }
  if (IsOurs(include.path)) return StartsWithAny(include.path, place.repository) ? "" : place.rule;
  if (std::string rule = CheckOutside(place, include.path); !rule.empty()) return rule;
  if (path.ends_with(".h") && !place.heavy_header && IsHeavy(include.path)) {
    return "a heavy header stays in .cc files, internal/ folders and *_service.h";
  }
  return "";
}

}  // namespace

std::string Violation::ToString() const {
  return file + ":" + std::to_string(line) + ": \"" + include + "\" breaks: " + rule;
}

std::vector<Violation> CheckFile(std::string_view path, std::string_view content) {
  const auto place = PlaceOf(path);
  if (!place) return {{std::string(path), 0, "", "a folder without a layer: tests/layering does not know it"}};
  std::vector<Violation> violations;
  for (const Include& include : ParseIncludes(content)) {
    std::string rule = BrokenRule(*place, path, include);
    if (!rule.empty())
      violations.push_back({std::string(path), include.line, std::string(include.path), std::move(rule)});
  }
  return violations;
}

TreeReport CheckTree(const std::filesystem::path& root) {
  TreeReport report;
  for (const char* top : {"libs", "services"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root / top)) {
      const auto extension = entry.path().extension();
      if (!entry.is_regular_file() || (extension != ".h" && extension != ".cc")) continue;
      std::ostringstream content;
      content << std::ifstream(entry.path()).rdbuf();
      auto found = CheckFile(entry.path().lexically_relative(root).generic_string(), content.str());
      report.violations.insert(report.violations.end(), found.begin(), found.end());
      ++report.files;
    }
  }
  return report;
}

}  // namespace xt::layering
