#include "services/gateway/core/symbol_table.h"

#include <utility>

namespace xt::gateway {
namespace {

template <typename T, typename Id>
const T* At(const std::vector<T>& items, Id id) {
  return id.value() < items.size() ? &items[id.value()] : nullptr;
}

}  // namespace

SymbolTable::SymbolTable(std::vector<domain::Asset> assets, std::vector<domain::Symbol> symbols)
    : assets_(std::move(assets)), symbols_(std::move(symbols)) {
  for (std::size_t i = 0; i < symbols_.size(); ++i) by_code_.emplace(symbols_[i].code.view(), i);
}

const domain::Symbol* SymbolTable::Find(std::string_view code) const {
  const auto it = by_code_.find(code);
  return it == by_code_.end() ? nullptr : &symbols_[it->second];
}

const domain::Symbol* SymbolTable::Get(domain::SymbolId id) const { return At(symbols_, id); }
const domain::Asset* SymbolTable::GetAsset(domain::AssetId id) const { return At(assets_, id); }

}  // namespace xt::gateway
