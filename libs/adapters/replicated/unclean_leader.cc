#include "libs/adapters/replicated/unclean_leader.h"

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace xt::replicated {
namespace {

using nlohmann::ordered_json;

constexpr char kPrefix[] = "unclean:";

// What an operator typed may be no UTF-8.
std::string Dump(const ordered_json& json) { return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace); }

ordered_json JsonOf(const UncleanMark& mark) {
  return {
      {"by", mark.by}, {"reason", mark.reason}, {"atNs", mark.at_ns}, {"knownSequence", mark.known_sequence.value()}};
}

}  // namespace

std::string EntryOf(const UncleanMark& mark) { return kPrefix + Dump(JsonOf(mark)); }

bool IsUncleanMark(const std::string& entry) { return entry.starts_with(kPrefix); }

absl::StatusOr<UncleanMark> MarkOf(const std::string& entry) {
  const std::string text = IsUncleanMark(entry) ? entry.substr(std::string(kPrefix).size()) : "";
  const auto json = ordered_json::parse(text, nullptr, false);
  const auto field = [&](const char* name) { return json.value(name, ordered_json()); };
  const bool right = json.is_object() && field("by").is_string() && field("reason").is_string() &&
                     field("atNs").is_number_integer() && field("knownSequence").is_number_unsigned();
  if (!right) return absl::DataLossError(absl::StrCat("this is no mark of an unclean leader: ", entry));
  return UncleanMark{json.at("by"), json.at("reason"), json.at("atNs"),
                     domain::SequenceNumber(json.at("knownSequence").get<std::uint64_t>())};
}

std::string TextOf(const UncleanStart& start) {
  ordered_json json{{"epoch", start.epoch.value()}};
  json.update(JsonOf(start.mark));
  json["missing"] = start.missing;
  json["adoptedSequence"] = start.adopted_sequence.value();
  json["adoptedEpoch"] = start.adopted_epoch.value();
  json["adoptedHash"] = start.adopted_hash.ToHex();
  json["lostFrom"] = start.lost_from().value();
  if (const auto last = start.lost_to()) json["lostTo"] = last->value();
  return Dump(json);
}

}  // namespace xt::replicated
