#include "libs/wire/account_proto.h"

#include "libs/wire/fields.h"
#include "libs/wire/internal/rules.h"
#include "xtrader/v1/account.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

void ToProto(const domain::AccountSettings& settings, pb::AccountSettings& out) {
  out.Clear();
  out.set_fee_tier(settings.fee_tier.value());
  out.set_self_trade_prevention(static_cast<pb::SelfTradePrevention>(settings.self_trade_prevention));
  out.set_max_open_orders(settings.max_open_orders);
  out.set_max_orders(settings.max_orders);
  out.set_order_interval_ms(settings.order_interval_ms);
}

void ToProto(const domain::FeeTier& tier, pb::FeeTier& out) {
  out.Clear();
  out.set_id(tier.id.value());
  out.set_maker_fee_bps(tier.maker_fee_bps);
  out.set_taker_fee_bps(tier.taker_fee_bps);
}

absl::StatusOr<domain::AccountSettings> FromProto(const pb::AccountSettings& settings) {
  domain::AccountSettings out;
  FieldReader reader;
  reader.Integer("fee_tier", settings.fee_tier(), out.fee_tier)
      .Value("self_trade_prevention", settings.self_trade_prevention(), domain::SelfTradePrevention::kDecrement,
             out.self_trade_prevention);
  out.max_open_orders = settings.max_open_orders();
  out.max_orders = settings.max_orders();
  out.order_interval_ms = settings.order_interval_ms();
  return internal::Checked(reader, out);
}

absl::StatusOr<domain::FeeTier> FromProto(const pb::FeeTier& tier) {
  domain::FeeTier out;
  FieldReader reader;
  reader.Integer("id", tier.id(), out.id);
  out.maker_fee_bps = tier.maker_fee_bps();
  out.taker_fee_bps = tier.taker_fee_bps();
  return internal::Checked(reader, out);
}

}  // namespace xt::wire
