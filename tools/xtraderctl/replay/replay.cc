#include "tools/xtraderctl/replay/replay.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "libs/base/status.h"
#include "tools/xtraderctl/journal/player.h"
#include "tools/xtraderctl/replay/replay_json.h"
#include "tools/xtraderctl/replay/replay_text.h"

namespace xt::ctl {

absl::StatusOr<std::string> Replay(JournalSource& source, const ReplayOptions& options) {
  Player player;
  OpenOrders orders;
  OrderLife life(options.order.value_or(domain::OrderId(0)));
  XT_RETURN_IF_ERROR(player.Play(source, options.until, [&](const Step& step) {
    orders.Take(step);
    if (options.order) life.Take(step);
  }));
  const auto missing = [&](const char* what, std::uint64_t id) {
    return absl::NotFoundError(
        absl::StrCat("there is no ", what, " ", id, " up to sequence ", player.engine().applied().value()));
  };
  nlohmann::ordered_json out = HeadJson(source, player);
  if (options.order) {
    if (life.events().empty()) return missing("order", options.order->value());
    AddLife(*options.order, life.events(), player.engine(), out);
  } else if (options.account) {
    const bool known = *options.account == domain::kFeeAccount || player.engine().accounts().Exists(*options.account);
    if (!known) return missing("account", options.account->value());
    AddAccount(*options.account, player.engine(), orders, out);
  } else {
    AddState(player.engine(), orders, out);
  }
  return options.json ? out.dump(2) + "\n" : ReplayText(out);
}

}  // namespace xt::ctl
