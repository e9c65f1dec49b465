// A leader of a journal as a process of its own, so that it can be killed: it appends as many records as it is told and
// tells which were confirmed. Used by one thread; the test must have no other threads when it starts one.
#pragma once

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <functional>
#include <memory>
#include <vector>

#include "gtest/gtest.h"
#include "tests/contract/journal_support.h"

namespace xt::contract {

struct ConfirmedRecord {
  std::uint64_t sequence = 0;
  Hash128 hash;
};

class JournalProcess {
 public:
  using Connect = std::function<std::unique_ptr<ports::CommandJournal>()>;

  JournalProcess(const Connect& connect, std::uint64_t epoch) {
    if (::pipe(orders_.data()) != 0 || ::pipe(confirmations_.data()) != 0) std::abort();
    pid_ = ::fork();
    if (pid_ < 0) std::abort();
    if (pid_ == 0) Run(connect, epoch);
    ::close(orders_[0]);
    ::close(confirmations_[1]);
  }
  ~JournalProcess() {
    Kill();
    ::close(orders_[1]);
    ::close(confirmations_[0]);
  }
  JournalProcess(const JournalProcess&) = delete;
  JournalProcess& operator=(const JournalProcess&) = delete;

  // Appends without waiting for anything.
  void Append(std::uint32_t count) {
    if (::write(orders_[1], &count, sizeof(count)) != sizeof(count)) ADD_FAILURE() << "the leader has ended";
  }
  void MustAppend(std::uint32_t count) {
    Append(count);
    for (std::uint32_t i = 0; i < count; ++i) ASSERT_TRUE(ReadOne()) << "record " << i << " was not confirmed";
  }
  // What it told before counts too.
  void Kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
    while (ReadOne()) {
    }
  }
  [[nodiscard]] const std::vector<ConfirmedRecord>& confirmed() const { return confirmed_; }

 private:
  bool ReadOne() {
    pollfd fd{.fd = confirmations_[0], .events = POLLIN, .revents = 0};
    constexpr int kPatienceMs = 30'000;
    if (::poll(&fd, 1, kPatienceMs) != 1) return false;
    ConfirmedRecord one;
    if (::read(confirmations_[0], &one, sizeof(one)) != sizeof(one)) return false;
    confirmed_.push_back(one);
    return true;
  }

  [[noreturn]] void Run(const Connect& connect, std::uint64_t epoch) {
    ::close(orders_[1]);
    const auto journal = connect();
    const auto report = journal->Open(Token(epoch));
    if (!report.ok()) ::_exit(2);
    RecordChain chain(*report);
    chain.set_epoch(epoch);
    std::uint32_t count = 0;
    while (::read(orders_[0], &count, sizeof(count)) == sizeof(count)) {
      for (std::uint32_t i = 0; i < count; ++i) AppendOne(*journal, chain.Next(1, 50));
    }
    ::_exit(0);
  }

  void AppendOne(ports::CommandJournal& journal, ports::JournalRecord record) {
    const ConfirmedRecord one{record.last_sequence.value(), record.hash};
    journal.Append(std::move(record), [this, one](const absl::Status& status) {
      if (status.ok() && ::write(confirmations_[1], &one, sizeof(one)) != sizeof(one)) ::_exit(3);
    });
  }

  std::array<int, 2> orders_{};
  std::array<int, 2> confirmations_{};
  pid_t pid_ = -1;
  std::vector<ConfirmedRecord> confirmed_;
};

}  // namespace xt::contract
