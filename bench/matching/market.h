// The market that the cases trade on.
#pragma once

#include "libs/domain/symbol.h"

namespace xt::bench {

// Assets 0 and 1, with 8 and 0 decimal places; a tick is one unit of the quote, a lot one whole unit of the base; no fees.
inline domain::Symbol BtcKrw() {
  domain::Symbol symbol;
  symbol.code = *domain::SymbolCode::From("BTC-KRW");
  symbol.base = domain::AssetId(0);
  symbol.quote = domain::AssetId(1);
  symbol.tick_size = domain::Amount(1);
  symbol.lot_size = domain::Amount(100'000'000);
  return symbol;
}

}  // namespace xt::bench
