#include "libs/http/internal/io_loop.h"

#include "libs/base/check.h"

namespace xt::http::internal {
namespace {

thread_local const IoLoop* current_loop = nullptr;

}  // namespace

IoLoop::IoLoop(MemberCount& count, std::chrono::milliseconds tick)
    : work_(asio::make_work_guard(context_)), tick_timer_(context_), tick_(tick), count_(&count) {}

IoLoop::~IoLoop() { XT_CHECK(!thread_.joinable(), "an io loop was destroyed without Finish()"); }

void IoLoop::Start() {
  ArmTick();
  thread_ = std::thread([this] {
    current_loop = this;
    context_.run();
    current_loop = nullptr;
  });
}

void IoLoop::StopMembers() {
  Post([this] {
    stopping_ = true;
    for (const auto& member : Members()) member->OnStop();
  });
}

void IoLoop::CutMembers() {
  Post([this] {
    stopping_ = true;
    for (const auto& member : Members()) member->Cut();
    tick_timer_.cancel();
    work_.reset();
  });
}

void IoLoop::Finish() {
  if (thread_.joinable()) thread_.join();
  std::vector<std::shared_ptr<LoopMember>> late;
  std::lock_guard lock(wake_mutex_);
  finished_ = true;
  late.swap(wakes_);
}

bool IoLoop::InThread() const { return current_loop == this; }

void IoLoop::Wake(std::shared_ptr<LoopMember> member) {
  {
    std::lock_guard lock(wake_mutex_);
    if (finished_) return;
    wakes_.push_back(std::move(member));
    if (std::exchange(wake_posted_, true)) return;
  }
  Post([this] { DrainWakes(); });
}

void IoLoop::DrainWakes() {
  {
    std::lock_guard lock(wake_mutex_);
    wake_posted_ = false;
    draining_.swap(wakes_);
  }
  for (const auto& member : draining_) member->OnWake();
  draining_.clear();
}

void IoLoop::Add(const std::shared_ptr<LoopMember>& member) {
  if (members_.emplace(member.get(), member).second) count_->Add();
}

void IoLoop::Remove(LoopMember* member) {
  if (members_.erase(member) > 0) count_->Remove();
}

std::vector<std::shared_ptr<LoopMember>> IoLoop::Members() const {
  std::vector<std::shared_ptr<LoopMember>> members;
  members.reserve(members_.size());
  for (const auto& [key, member] : members_) members.push_back(member);
  return members;
}

void IoLoop::ArmTick() {
  tick_timer_.expires_after(tick_);
  tick_timer_.async_wait([this](ErrorCode error) {
    if (error || !work_.owns_work()) return;
    const TimePoint now = std::chrono::steady_clock::now();
    for (const auto& member : Members()) member->OnTick(now);
    ArmTick();
  });
}

}  // namespace xt::http::internal
