// A process that appends to a WalJournal and tells what was confirmed is killed at random moments, again and again;
// every confirmed record must be there afterwards, exactly as it was appended.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <random>

#include "libs/adapters/embedded/wal_journal.h"
#include "tests/contract/journal_support.h"

namespace xt::contract {
namespace {

constexpr int kKills = 25;
constexpr std::size_t kSegmentBytes = 16384;  // small: kills fall into rollovers too

embedded::WalOptions Options() {
  embedded::WalOptions options;
  options.segment_bytes = kSegmentBytes;
  options.max_queued_bytes = 20'000;
  return options;
}

struct Confirmation {
  std::uint64_t sequence = 0;
  Hash128 hash;
};

// Runs in the child: appends for ever, as many in flight as the queue takes, and never returns.
[[noreturn]] void AppendForEver(const std::string& folder, std::uint64_t epoch, int out) {
  embedded::WalJournal journal(folder, Options());
  const auto report = journal.Open(Token(epoch));
  if (!report.ok()) ::_exit(2);
  RecordChain chain(*report);
  chain.set_epoch(epoch);
  std::mt19937_64 random(epoch);
  while (true) {
    ports::JournalRecord record = chain.Next(1 + random() % 4, random() % 600);
    const Confirmation confirmation{record.last_sequence.value(), record.hash};
    journal.Append(std::move(record), [out, confirmation](const absl::Status& status) {
      if (!status.ok()) ::_exit(3);
      if (::write(out, &confirmation, sizeof(confirmation)) != sizeof(confirmation)) ::_exit(4);
    });
  }
}

// Reads up to `max` confirmations, to the end of the pipe at most.
std::vector<Confirmation> ReadConfirmations(int in, std::size_t max) {
  std::vector<Confirmation> all;
  Confirmation one;
  while (all.size() < max && ::read(in, &one, sizeof(one)) == sizeof(one)) all.push_back(one);
  return all;
}

// Kills the child once it has confirmed `confirmations` records, and returns everything that it confirmed.
std::vector<Confirmation> RunAndKill(const std::string& folder, std::uint64_t epoch, std::size_t confirmations) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(ends[0]);
    AppendForEver(folder, epoch, ends[1]);
  }
  ::close(ends[1]);
  std::vector<Confirmation> confirmed = ReadConfirmations(ends[0], confirmations);
  EXPECT_EQ(::kill(child, SIGKILL), 0);
  int exit_status = 0;
  EXPECT_EQ(::waitpid(child, &exit_status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(exit_status)) << "the child gave up with " << WEXITSTATUS(exit_status);
  for (const Confirmation& late : ReadConfirmations(ends[0], SIZE_MAX)) confirmed.push_back(late);
  ::close(ends[0]);
  return confirmed;
}

TEST(WalKillTest, EveryConfirmedRecordSurvivesSigkill) {
  TemporaryFolder folder;
  const std::string path = folder.path() + "/journal";
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::vector<Confirmation> confirmed;
  for (int kill = 1; kill <= kKills; ++kill) {
    const auto fresh = RunAndKill(path, static_cast<std::uint64_t>(kill), random() % 400);
    confirmed.insert(confirmed.end(), fresh.begin(), fresh.end());
    embedded::WalJournal journal(path, Options());
    const auto report = journal.Open(Token(static_cast<std::uint64_t>(kill)));
    ASSERT_TRUE(report.ok()) << "after kill " << kill << ": " << report.status();
    std::size_t next = 0;
    const absl::Status read = journal.Read(domain::SequenceNumber(1), [&](const ports::JournalRecord& record) {
      if (next < confirmed.size() && record.last_sequence.value() == confirmed[next].sequence) {
        EXPECT_EQ(record.hash, confirmed[next].hash);
        ++next;
      }
      return absl::OkStatus();
    });
    ASSERT_TRUE(read.ok()) << read;
    ASSERT_EQ(next, confirmed.size()) << "after kill " << kill << " sequence " << confirmed[next].sequence
                                      << " is missing";
  }
  EXPECT_GT(confirmed.size(), 1000U);
}

}  // namespace
}  // namespace xt::contract
