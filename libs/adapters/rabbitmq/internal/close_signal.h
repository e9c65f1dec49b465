// CloseSignal: a descriptor that is readable from Close on, so that whoever polls a connection wakes. Thread-safe.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>

#include "absl/status/status.h"
#include "libs/base/check.h"

namespace xt::rabbitmq {

class CloseSignal {
 public:
  CloseSignal() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) { XT_CHECK(fd_ >= 0, "eventfd"); }
  ~CloseSignal() { ::close(fd_); }
  CloseSignal(const CloseSignal&) = delete;
  CloseSignal& operator=(const CloseSignal&) = delete;

  void Close() {
    closed_ = true;
    XT_CHECK(::eventfd_write(fd_, 1) == 0, "eventfd");
  }
  [[nodiscard]] absl::Status Check() const {
    return closed_ ? absl::CancelledError("the notification bus was closed") : absl::OkStatus();
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  const int fd_;
  std::atomic<bool> closed_{false};
};

}  // namespace xt::rabbitmq
