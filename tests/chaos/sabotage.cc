#include "tests/chaos/sabotage.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "libs/base/check.h"
#include "tools/servers/server_process.h"

namespace xt::chaos {
namespace {

namespace fs = std::filesystem;

// The configuration is the last argument. The name keeps away from XT_, where services look for keys of theirs.
void WriteWrapper(const std::string& file, const std::string& program, const std::string& preload) {
  fs::remove(file);
  std::ofstream(file) << "#!/bin/sh\nfor configuration; do :; done\nexec env LD_PRELOAD='" << preload
                      << "' XTRADER_SABOTAGE=\"$configuration.sabotage\" '" << program << "' \"$@\"\n";
  fs::permissions(file, fs::perms::owner_all);
}

}  // namespace

std::string SabotageFile(const std::string& configuration) { return configuration + ".sabotage"; }

void MakeSabotagedPrograms(const std::string& folder, const std::string& binaries, const std::string& preload) {
  fs::create_directories(folder);
  for (const auto& program : fs::directory_iterator(binaries)) {
    const fs::path link = folder / program.path().filename();
    if (!fs::exists(link)) fs::create_symlink(program.path(), link);
  }
  WriteWrapper(folder + "/xtrader-sequencer", binaries + "/xtrader-sequencer", preload);
  WriteWrapper(folder + "/redis-server", servers::FindProgram("redis-server"), preload);
}

Sabotage::Sabotage(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  XT_CHECK(fd >= 0 && ::ftruncate(fd, sizeof(SabotageControl)) == 0, file);
  void* const page = ::mmap(nullptr, sizeof(SabotageControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  XT_CHECK(page != MAP_FAILED, file);
  ::close(fd);
  control_ = static_cast<SabotageControl*>(page);
}

Sabotage::~Sabotage() { ::munmap(control_, sizeof(SabotageControl)); }

void Sabotage::End() {
  control_->sync_delay_ms = 0;
  control_->sync_errno = 0;
  control_->write_errno = 0;
  control_->clock_offset_s = 0;
}

}  // namespace xt::chaos
