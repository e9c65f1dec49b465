// Known mistakes that tests can plant in the engine, to see that they are caught. Only in the library that is built for
// those tests (XT_PLANTED_BUGS); everywhere else Planted() is a constant and nothing of them is left in the code.
// docs/matching.md lists each with what catches it. The switch is a variable of the process: not thread-safe.
#pragma once

namespace xt::matching {

enum class Bug {
  kNone,
  kSkipSelfTradePrevention,
  kLoseFeeDust,
  kRefillIcebergAtFront,
  kPartlyFillFok,
  kNewestMakerFirst,
  kStopFiresTwice,
  kStopCascadeOnce,
  kForgetRelease,
  kReleaseTwice,
  kTradeAtTakersPrice,
  kIgnoreExpireTime,
  kAmendLosesPriority,
  kReserveWraps,
  kPostOnlyTrades,
  kForgetClientIdEarly,
  kBandTripsLate,
  kChangeBeforeCheck,
  kCancelAllForgetsStops,
  kRangeForgetsFirstTrade,
  kFeeRoundsDown,
  kLast,
};

#ifdef XT_PLANTED_BUGS
inline Bug planted_bug = Bug::kNone;
inline bool Planted(Bug bug) { return planted_bug == bug; }
#else
constexpr bool Planted(Bug) { return false; }
#endif

}  // namespace xt::matching
