// Sabotage: makes the system fail for one process while it runs. The process is started with sabotage_preload.cc, which
// reads what is wanted from a control file that it maps; this is the other end of that file. Any process, one at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

namespace xt::chaos {

// The control file.
struct SabotageControl {
  std::atomic<std::int64_t> sync_delay_ms{0};   // before each fsync and fdatasync
  std::atomic<std::int64_t> sync_errno{0};      // of each fsync and fdatasync; 0: they are made
  std::atomic<std::int64_t> write_errno{0};     // of each write to a regular file; 0: they are made
  std::atomic<std::int64_t> clock_offset_s{0};  // of the wall clock
};

class Sabotage {
 public:
  // Makes the file, unless it is there, and maps it.
  explicit Sabotage(const std::string& file);
  ~Sabotage();
  Sabotage(const Sabotage&) = delete;
  Sabotage& operator=(const Sabotage&) = delete;

  SabotageControl& control() { return *control_; }
  void End();  // everything works again

 private:
  SabotageControl* control_;
};

// Makes `folder` one of programs that can be sabotaged: those of `binaries`, of which `xtrader-sequencer` and the system's
// `redis-server`, to be found by PATH, start with the library `preload`. Their control file is `<file>.sabotage`, where
// `file` is their configuration.
void MakeSabotagedPrograms(const std::string& folder, const std::string& binaries, const std::string& preload);
std::string SabotageFile(const std::string& configuration);

}  // namespace xt::chaos
