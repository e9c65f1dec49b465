// Columns of text. Pure.
#pragma once

#include <string>
#include <vector>

namespace xt::ctl {

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two blanks between them, none at the end.
std::string Aligned(const std::vector<Row>& rows);

}  // namespace xt::ctl
