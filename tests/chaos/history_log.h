// HistoryLog: what the clients saw, in the format that `xtraderctl verify --history` reads: one line for each thing that
// happened to an order, in the order of one monotonic clock. Thread-safe.
#pragma once

#include <cstdint>
#include <fstream>
#include <mutex>
#include <string>
#include <string_view>

namespace xt::chaos {

class HistoryLog {
 public:
  explicit HistoryLog(const std::string& file);

  // Called before the order is sent, each time that it is.
  void Invoke(std::uint32_t account, std::string_view client_order_id);
  void Acknowledge(std::uint32_t account, std::string_view client_order_id, std::uint64_t sequence);
  // Its client gives up: the outcome stays unknown.
  void TimeOut(std::uint32_t account, std::string_view client_order_id);

  // Everything is in the file.
  void Flush();

 private:
  void Write(std::string_view event, std::uint32_t account, std::string_view client_order_id, const std::string& more);

  std::mutex mutex_;
  std::ofstream file_;
};

}  // namespace xt::chaos
