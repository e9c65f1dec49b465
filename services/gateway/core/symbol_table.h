// SymbolTable: the reference data of one moment, looked up by code and by id. Immutable after construction, so one table
// is shared by all threads of the edge; new reference data is a new table.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "libs/domain/symbol.h"

namespace xt::gateway {

class SymbolTable {
 public:
  SymbolTable() = default;
  // Position is id, in both.
  SymbolTable(std::vector<domain::Asset> assets, std::vector<domain::Symbol> symbols);
  SymbolTable(const SymbolTable&) = delete;
  SymbolTable& operator=(const SymbolTable&) = delete;

  // Null when there is none.
  [[nodiscard]] const domain::Symbol* Find(std::string_view code) const;
  [[nodiscard]] const domain::Symbol* Get(domain::SymbolId id) const;
  [[nodiscard]] const domain::Asset* GetAsset(domain::AssetId id) const;

  [[nodiscard]] const std::vector<domain::Asset>& assets() const { return assets_; }
  [[nodiscard]] const std::vector<domain::Symbol>& symbols() const { return symbols_; }

 private:
  std::vector<domain::Asset> assets_;
  std::vector<domain::Symbol> symbols_;
  std::unordered_map<std::string_view, std::size_t> by_code_;  // the keys lie in symbols_
};

}  // namespace xt::gateway
