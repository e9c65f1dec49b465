// `xtraderctl halt` and `resume`: the status of one market or of all, set by journalled commands of an operator, so that
// every replica and every replay knows it. Plain values and functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "libs/domain/enums.h"

namespace xt::ctl {

struct TradingRequest {
  std::vector<std::string> markets;  // "BTC-KRW"; empty: all
  domain::SymbolStatus status = domain::SymbolStatus::kUnspecified;
  std::string reason;  // for the gateway's log
};

// What became of one market.
struct TradingChange {
  std::string market;
  std::string before;      // as the gateway knew it, which may be a second old
  std::string refusal;     // empty: done
  std::uint64_t sequence;  // of the command in the journal; 0 when it did not get there, or nobody knows
};

// Through the first of these gateways (gRPC addresses) that answers, one market after the other; a refusal does not keep
// the others from being tried. NOT_FOUND names a market that there is not, and then nothing was changed; UNAVAILABLE when
// no gateway answers.
absl::StatusOr<std::vector<TradingChange>> SetTrading(const std::vector<std::string>& gateways,
                                                      const std::string& secret, const TradingRequest& request);

// A table of what was changed; what was refused is told on stderr. The exit status: 1 when something was refused.
int ShowTrading(const TradingRequest& request, const std::vector<TradingChange>& changes);

}  // namespace xt::ctl
