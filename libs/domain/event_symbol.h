// Which symbol an event is about.
#pragma once

#include <optional>
#include <variant>

#include "libs/domain/event.h"
#include "libs/domain/ids.h"

namespace xt::domain {

// None for events of accounts, assets and epochs.
inline std::optional<SymbolId> SymbolOf(const Event& event) {
  return std::visit(
      [](const auto& e) -> std::optional<SymbolId> {
        if constexpr (requires { e.symbol.code; }) {
          return e.symbol.id;
        } else if constexpr (requires { e.symbol.value(); }) {
          return e.symbol;
        } else {
          return std::nullopt;
        }
      },
      event);
}

}  // namespace xt::domain
