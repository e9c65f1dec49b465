#include "tests/chaos/history_log.h"

#include <chrono>

#include "libs/base/check.h"

namespace xt::chaos {

HistoryLog::HistoryLog(const std::string& file) : file_(file, std::ios::binary | std::ios::trunc) {
  XT_CHECK(file_.is_open(), file);
}

void HistoryLog::Invoke(std::uint32_t account, std::string_view client_order_id) {
  Write("invoke", account, client_order_id, "");
}

void HistoryLog::Acknowledge(std::uint32_t account, std::string_view client_order_id, std::uint64_t sequence) {
  Write("acknowledged", account, client_order_id, ", \"sequence\": " + std::to_string(sequence));
}

void HistoryLog::TimeOut(std::uint32_t account, std::string_view client_order_id) {
  Write("timedOut", account, client_order_id, "");
}

void HistoryLog::Flush() {
  std::lock_guard lock(mutex_);
  file_.flush();
  XT_CHECK(file_.good());
}

void HistoryLog::Write(std::string_view event, std::uint32_t account, std::string_view client_order_id,
                       const std::string& more) {
  std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  file_ << R"({"event": ")" << event << R"(", "ns": )" << std::chrono::nanoseconds(now).count() << R"(, "account": )"
        << account << R"(, "clientOrderId": ")" << client_order_id << '"' << more << "}\n";
}

}  // namespace xt::chaos
