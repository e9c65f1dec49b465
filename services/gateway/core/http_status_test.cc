#include "services/gateway/core/http_status.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>

namespace xt::gateway {
namespace {

struct Row {
  std::string status;
  std::string meaning;
  std::string retry;
};

std::string Trim(const std::string& text) {
  const auto first = text.find_first_not_of(" `");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" `") - first + 1);
}

// The rows of the table `| CODE | status | meaning | retry |`, by code.
std::map<std::string, Row> ReadTable() {
  std::map<std::string, Row> rows;
  std::ifstream file(std::string(XT_SOURCE_DIR) + "/docs/errors.md");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("| `")) continue;
    std::stringstream cells(line.substr(1));
    std::string code;
    Row row;
    std::getline(cells, code, '|');
    std::getline(cells, row.status, '|');
    std::getline(cells, row.meaning, '|');
    std::getline(cells, row.retry, '|');
    EXPECT_TRUE(rows.emplace(Trim(code), Row{Trim(row.status), Trim(row.meaning), Trim(row.retry)}).second) << code;
  }
  return rows;
}

TEST(HttpStatusTest, TheTableInTheDocsIsTheCode) {
  std::map<std::string, Row> rows = ReadTable();
  for (const domain::RejectReason reason : domain::AllRejectReasons()) {
    const std::string code(domain::RejectReasonCode(reason));
    ASSERT_TRUE(rows.contains(code)) << code << " is not in docs/errors.md";
    EXPECT_EQ(rows[code].status, std::to_string(HttpStatusOf(reason))) << code;
    EXPECT_EQ(rows[code].retry, RetryName(RetryOf(reason))) << code;
    EXPECT_FALSE(rows[code].meaning.empty()) << code;
    rows.erase(code);
  }
  EXPECT_TRUE(rows.empty()) << rows.begin()->first << " in docs/errors.md is no code";
}

TEST(HttpStatusTest, EveryRefusalIsAnError) {
  for (const domain::RejectReason reason : domain::AllRejectReasons()) {
    EXPECT_GE(HttpStatusOf(reason), 400);
    EXPECT_LT(HttpStatusOf(reason), 600);
  }
}

}  // namespace
}  // namespace xt::gateway
