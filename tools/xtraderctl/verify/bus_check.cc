#include "tools/xtraderctl/verify/bus_check.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/domain/event_symbol.h"
#include "libs/ports/market_bus.h"
#include "libs/wire/event_codec.h"
#include "libs/wire/notifications.h"
#include "libs/wire/risk_proto.h"

namespace xt::ctl {
namespace {

// The code of the first symbol that the command concerned.
std::string KeyOf(const Step& step) {
  for (const domain::Event& event : step.events) {
    if (const auto symbol = domain::SymbolOf(event)) return std::string(step.engine.symbol(*symbol).code.view());
  }
  return "";
}

}  // namespace

BusCheck::BusCheck(std::vector<BusContent> buses) {
  for (BusContent& content : buses) buses_.push_back({std::move(content), {}, 0, {}});
}

void BusCheck::Take(const Step& step) {
  last_ = step.sequence;
  const domain::CommandResult result{step.sequence, step.timestamp_ns, {step.events.begin(), step.events.end()}};
  const std::string batch = wire::EncodeEventBatch(result);
  const domain::EventId id{step.sequence, 1};
  Expect("executions", "", id, batch);
  Expect(std::string(ports::topic::kTradingEvents), KeyOf(step), id, batch);
  const auto code_of = [&](domain::SymbolId symbol) { return step.engine.symbol(symbol).code; };
  const auto expect_all = [&](std::string_view topic, const std::vector<wire::RoutedPayload>& payloads) {
    for (const wire::RoutedPayload& one : payloads) {
      Expect(std::string(topic), std::string(code_of(one.symbol).view()), {step.sequence, one.index}, one.bytes);
    }
  };
  const auto no_previous = [](domain::SymbolId) { return domain::SequenceNumber(); };
  expect_all(ports::topic::kTrade, wire::MarketTrades(result, code_of));
  expect_all(ports::topic::kDepth, wire::MarketDepths(result, code_of, no_previous));
  expect_all(ports::topic::kRiskAudit, wire::RiskAudits(result));
}

void BusCheck::Expect(const std::string& topic, const std::string& key, const domain::EventId& id,
                      const std::string& payload) {
  for (Bus& bus : buses_) {
    if (!bus.content.failure.empty() || id.sequence > bus.content.through) continue;
    if (std::ranges::find(bus.content.topics, topic) == bus.content.topics.end()) continue;
    Expect(bus, topic, key, {id, ContentHash(topic, payload)});
  }
}

void BusCheck::Expect(Bus& bus, const std::string& topic, const std::string& key, const BusMessage& expected) {
  const std::string name = LaneName(topic, key);
  const auto violate = [&](const domain::EventId& id, const char* why) {
    finding_.Violate(absl::StrCat(bus.content.name, ", ", name, ": ", TextOf(id), why));
  };
  const std::vector<BusMessage>& found = bus.content.lanes[name].messages();
  std::size_t& next = bus.next[name];
  const bool trimmed = bus.content.trimmed && next == 0 && (found.empty() || expected.id < found.front().id);
  if (finding_.violated() || trimmed) return;
  if (next == found.size() || expected.id < found[next].id) return violate(expected.id, " is missing");
  if (found[next].id < expected.id) return violate(found[next].id, " does not come from the journal");
  if (found[next].hash != expected.hash) return violate(expected.id, " has another content than the journal gives");
  if (bus.compared++ == 0) bus.from = expected.id.sequence;
  ++next;
}

void BusCheck::CheckLane(const Bus& bus, const std::string& name, const Lane& lane) {
  if (!lane.wrong().empty()) finding_.Violate(absl::StrCat(bus.content.name, ", ", name, ": ", lane.wrong()));
}

void BusCheck::CheckEnd(const Bus& bus, domain::SequenceNumber end) {
  if (bus.content.through <= end) return;
  finding_.Violate(absl::StrCat(bus.content.name, " has everything up to sequence ", bus.content.through.value(),
                                ", but the journal ends at ", end.value()));
}

void BusCheck::FinishLanes(const Bus& bus) {
  for (const auto& [name, lane] : bus.content.lanes) {
    CheckLane(bus, name, lane);
    const auto next = bus.next.find(name);
    const std::size_t compared = next == bus.next.end() ? 0 : next->second;
    if (compared == lane.messages().size()) continue;
    const domain::EventId& id = lane.messages()[compared].id;
    if (id.sequence <= bus.content.through) {
      finding_.Violate(absl::StrCat(bus.content.name, ", ", name, ": ", TextOf(id), " does not come from the journal"));
    }
  }
}

std::vector<Verdict> BusCheck::Finish() {
  std::vector<std::string> texts;
  std::vector<std::string> failures;
  for (const Bus& bus : buses_) {
    if (!bus.content.failure.empty()) {
      failures.push_back(absl::StrCat(bus.content.name, ": ", bus.content.failure));
      continue;
    }
    FinishLanes(bus);
    CheckEnd(bus, last_);
    texts.push_back(absl::StrCat(bus.content.name, " ", bus.compared, " messages",
                                 bus.compared == 0 ? "" : absl::StrCat(" from ", bus.from.value()), " up to sequence ",
                                 bus.content.through.value()));
  }
  if (!failures.empty() && !finding_.violated()) return {finding_.NotChecked(absl::StrJoin(failures, "; "))};
  return {finding_.OkOr(absl::StrJoin(texts, "; "))};
}

// What came twice or out of order shows by itself.
std::vector<Verdict> BusCheck::FinishUnplayed(domain::SequenceNumber end, const std::string& why) {
  for (const Bus& bus : buses_) {
    if (!bus.content.failure.empty()) continue;
    for (const auto& [name, lane] : bus.content.lanes) CheckLane(bus, name, lane);
    CheckEnd(bus, end);
  }
  return {finding_.Unplayed(why)};
}

}  // namespace xt::ctl
