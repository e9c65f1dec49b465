// FrameClock: makes the timestamps of frames, the only clock that matching ever sees. It follows the wall clock, but each
// step is clamped by the monotonic clock: it runs at most one eighth faster or slower than real time. So a wall clock
// that was set forward or back by an hour is approached slowly instead of jumped to, and a timestamp never falls.
// A plain value of the core: one thread, no ownership, reads no clock itself.
#pragma once

#include <algorithm>
#include <cstdint>

namespace xt::sequencer {

// Both readings of the clock at one input.
struct Now {
  std::int64_t wall_ns = 0;       // Unix time; may jump
  std::int64_t monotonic_ns = 0;  // never falls
};

class FrameClock {
 public:
  // `last_ns` is the timestamp of the journal's last frame; 0 when there is none. Begins with the wall clock as it is.
  void Start(std::int64_t last_ns, Now now) {
    last_ns_ = std::max(last_ns, now.wall_ns);
    last_monotonic_ns_ = now.monotonic_ns;
  }

  // What Next would give.
  [[nodiscard]] std::int64_t Peek(Now now) const {
    const std::int64_t elapsed = std::max<std::int64_t>(now.monotonic_ns - last_monotonic_ns_, 0);
    const std::int64_t slew = elapsed / 8;
    return std::clamp(now.wall_ns, last_ns_ + elapsed - slew, last_ns_ + elapsed + slew);
  }

  std::int64_t Next(Now now) {
    last_ns_ = Peek(now);
    last_monotonic_ns_ = std::max(last_monotonic_ns_, now.monotonic_ns);
    return last_ns_;
  }

  // The last timestamp that was given out.
  [[nodiscard]] std::int64_t last_ns() const { return last_ns_; }

 private:
  std::int64_t last_ns_ = 0;
  std::int64_t last_monotonic_ns_ = 0;
};

}  // namespace xt::sequencer
