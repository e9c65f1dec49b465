#include "libs/wire/symbol_proto.h"

#include <string>

#include "libs/wire/fields.h"
#include "libs/wire/internal/rules.h"
#include "xtrader/v1/symbol.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

void ToProto(const domain::Asset& asset, pb::Asset& out) {
  out.Clear();
  out.set_id(asset.id.value());
  out.set_code(std::string(asset.code.view()));
  out.set_decimals(asset.decimals);
}

void ToProto(const domain::Symbol& symbol, pb::Symbol& out) {
  out.Clear();
  out.set_id(symbol.id.value());
  out.set_code(std::string(symbol.code.view()));
  out.set_base_asset_id(symbol.base.value());
  out.set_quote_asset_id(symbol.quote.value());
  out.set_base_decimals(symbol.base_decimals);
  out.set_quote_decimals(symbol.quote_decimals);
  out.set_tick_size(symbol.tick_size.value());
  out.set_lot_size(symbol.lot_size.value());
  out.set_min_notional(symbol.min_notional.value());
  out.set_max_quantity_lots(symbol.max_quantity.value());
  out.set_max_price_ticks(symbol.max_price.value());
  out.set_maker_fee_bps(symbol.maker_fee_bps);
  out.set_taker_fee_bps(symbol.taker_fee_bps);
  out.set_status(static_cast<pb::SymbolStatus>(symbol.status));
  out.set_tick_lot_value(symbol.tick_lot_value.value());
}

void ToProto(const domain::SymbolLimits& limits, pb::SymbolLimits& out) {
  out.Clear();
  out.set_max_notional(limits.max_notional.value());
  out.set_max_position(limits.max_position.value());
  out.set_price_deviation_bps(limits.price_deviation_bps);
  out.set_lower_price_ticks(limits.lower_price.value());
  out.set_upper_price_ticks(limits.upper_price.value());
}

absl::StatusOr<domain::Asset> FromProto(const pb::Asset& asset) {
  domain::Asset out;
  FieldReader reader;
  reader.Integer("id", asset.id(), out.id).Text("code", asset.code(), out.code);
  out.decimals = asset.decimals();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::Symbol> FromProto(const pb::Symbol& symbol) {
  domain::Symbol out;
  FieldReader reader;
  reader.Integer("id", symbol.id(), out.id)
      .Text("code", symbol.code(), out.code)
      .Integer("base_asset_id", symbol.base_asset_id(), out.base)
      .Integer("quote_asset_id", symbol.quote_asset_id(), out.quote)
      .Value("status", symbol.status(), domain::SymbolStatus::kCancelOnly, out.status);
  out.base_decimals = symbol.base_decimals();
  out.quote_decimals = symbol.quote_decimals();
  out.tick_size = domain::Amount(symbol.tick_size());
  out.lot_size = domain::Amount(symbol.lot_size());
  out.min_notional = domain::Amount(symbol.min_notional());
  out.max_quantity = domain::Quantity(symbol.max_quantity_lots());
  out.max_price = domain::Price(symbol.max_price_ticks());
  out.maker_fee_bps = symbol.maker_fee_bps();
  out.taker_fee_bps = symbol.taker_fee_bps();
  out.tick_lot_value = domain::Amount(symbol.tick_lot_value());
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::SymbolLimits> FromProto(const pb::SymbolLimits& limits) {
  domain::SymbolLimits out;
  out.max_notional = domain::Amount(limits.max_notional());
  out.max_position = domain::Amount(limits.max_position());
  out.price_deviation_bps = limits.price_deviation_bps();
  out.lower_price = domain::Price(limits.lower_price_ticks());
  out.upper_price = domain::Price(limits.upper_price_ticks());
  return out;
}

}  // namespace xt::wire
