#include "libs/wire/risk_proto.h"

#include <variant>

#include "libs/base/status.h"
#include "libs/wire/event_proto.h"
#include "libs/wire/fields.h"
#include "libs/wire/internal/messages.h"
#include "xtrader/v1/execution.pb.h"

namespace xt::wire {

namespace pb = ::xtrader::v1;

std::string EncodeRiskAudit(const RiskAudit& audit) {
  return internal::Encode<pb::RiskAudit>([&](pb::RiskAudit& message) {
    message.set_sequence(audit.id.sequence.value());
    message.set_index(audit.id.index);
    message.set_timestamp_ns(audit.timestamp_ns);
    ToProto(audit.decision, *message.mutable_decision());
  });
}

absl::StatusOr<RiskAudit> DecodeRiskAudit(std::string_view bytes) {
  return internal::Decode<pb::RiskAudit>(bytes, [](const pb::RiskAudit& message) -> absl::StatusOr<RiskAudit> {
    if (message.sequence() == 0) return FieldError("sequence", "must not be 0");
    if (message.index() == 0) return FieldError("index", "must not be 0");
    auto decision = FromProto(message.decision());
    if (!decision.ok()) return InField("decision", decision.status());
    return RiskAudit{{domain::SequenceNumber(message.sequence()), message.index()}, message.timestamp_ns(), *decision};
  });
}

std::vector<RoutedPayload> RiskAudits(const domain::CommandResult& result) {
  std::vector<RoutedPayload> payloads;
  std::uint32_t index = 0;
  for (const domain::Event& event : result.events) {
    ++index;
    const auto* decision = std::get_if<domain::RiskDecision>(&event);
    if (decision == nullptr) continue;
    payloads.push_back({decision->symbol, decision->account, index,
                        EncodeRiskAudit({{result.sequence, index}, result.timestamp_ns, *decision})});
  }
  return payloads;
}

}  // namespace xt::wire
