// Risk decisions as the topic `risk.audit` carries them: xtrader.v1.RiskAudit. Decoding checks them and names the field
// that is wrong. Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/event.h"
#include "libs/wire/notifications.h"

namespace xt::wire {

struct RiskAudit {
  domain::EventId id;
  std::int64_t timestamp_ns = 0;
  domain::RiskDecision decision;
  friend bool operator==(const RiskAudit&, const RiskAudit&) = default;
};

std::string EncodeRiskAudit(const RiskAudit& audit);
absl::StatusOr<RiskAudit> DecodeRiskAudit(std::string_view bytes);

// One per decision of the command, in order.
std::vector<RoutedPayload> RiskAudits(const domain::CommandResult& result);

}  // namespace xt::wire
