// The enums of the domain and of protos/xtrader/v1 are one vocabulary: same values, same names.
#include <google/protobuf/generated_enum_reflection.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "libs/domain/enums.h"
#include "libs/domain/names.h"
#include "libs/domain/reject_reason.h"
#include "xtrader/v1/account.pb.h"
#include "xtrader/v1/execution.pb.h"
#include "xtrader/v1/order.pb.h"
#include "xtrader/v1/symbol.pb.h"

namespace xt::wire {
namespace {

namespace pb = ::xtrader::v1;

template <typename Message, typename Domain>
void ExpectSameNames(std::string_view prefix, Domain last) {
  const auto* descriptor = google::protobuf::GetEnumDescriptor<Message>();
  EXPECT_EQ(descriptor->value_count(), static_cast<int>(last) + 1) << descriptor->name();
  for (int i = 0; i < descriptor->value_count(); ++i) {
    const auto* value = descriptor->value(i);
    const std::string expected =
        std::string(prefix) + std::string(domain::NameOf(static_cast<Domain>(value->number())));
    EXPECT_EQ(value->name(), expected);
  }
}

TEST(Enums, HaveTheNamesAndValuesOfTheDomain) {
  ExpectSameNames<pb::Side>("SIDE_", domain::Side::kSell);
  ExpectSameNames<pb::OrderType>("ORDER_TYPE_", domain::OrderType::kIceberg);
  ExpectSameNames<pb::TimeInForce>("TIME_IN_FORCE_", domain::TimeInForce::kGtd);
  ExpectSameNames<pb::SelfTradePrevention>("SELF_TRADE_PREVENTION_", domain::SelfTradePrevention::kDecrement);
  ExpectSameNames<pb::OrderStatus>("ORDER_STATUS_", domain::OrderStatus::kRejected);
  ExpectSameNames<pb::ExecutionType>("EXECUTION_TYPE_", domain::ExecutionType::kPrevented);
  ExpectSameNames<pb::ReplaceMode>("REPLACE_MODE_", domain::ReplaceMode::kAllowFailure);
  ExpectSameNames<pb::AccountStatus>("ACCOUNT_STATUS_", domain::AccountStatus::kClosed);
  ExpectSameNames<pb::RiskRule>("RISK_RULE_", domain::RiskRule::kPriceBand);
  ExpectSameNames<pb::MassCancelReason>("MASS_CANCEL_REASON_", domain::MassCancelReason::kBlacklisted);
  ExpectSameNames<pb::SymbolStatus>("SYMBOL_STATUS_", domain::SymbolStatus::kCancelOnly);
  ExpectSameNames<pb::BalanceReason>("BALANCE_REASON_", domain::BalanceReason::kTransfer);
}

TEST(Enums, HaveEveryRejectReason) {
  const auto* descriptor = google::protobuf::GetEnumDescriptor<pb::RejectReason>();
  EXPECT_EQ(descriptor->value_count(), static_cast<int>(domain::AllRejectReasons().size()) + 1);
  for (const domain::RejectReason reason : domain::AllRejectReasons()) {
    const auto* value = descriptor->FindValueByNumber(static_cast<int>(reason));
    ASSERT_NE(value, nullptr) << domain::RejectReasonCode(reason);
    EXPECT_EQ(value->name(), "REJECT_REASON_" + std::string(domain::RejectReasonCode(reason)));
  }
}

}  // namespace
}  // namespace xt::wire
