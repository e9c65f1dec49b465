// ConsumerGroup: who holds which entries of an execution stream, as a value: what was acknowledged (everything up to
// `floor`, and single entries above it), what was delivered and to whom. Knows neither files nor time nor threads; the
// stream's lock guards it. Encode and Decode keep it across restarts.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace xt::embedded {

class ConsumerGroup {
 public:
  struct Pending {
    std::string consumer;
    std::int64_t delivered_ns = 0;
    std::uint32_t deliveries = 1;
  };

  ConsumerGroup() = default;
  explicit ConsumerGroup(std::uint64_t floor) : floor_(floor), delivered_(floor) {}

  // Entries that were never delivered begin behind this one.
  [[nodiscard]] std::uint64_t delivered() const { return delivered_; }
  [[nodiscard]] std::uint64_t floor() const { return floor_; }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  // Entries up to `last` that are not acknowledged.
  [[nodiscard]] std::uint64_t Lag(std::uint64_t last) const;

  // Hands delivered() + 1 .. delivered() + count to the consumer.
  void Deliver(const std::string& consumer, std::uint64_t count, std::int64_t now_ns);
  // Up to `max` entries that the consumer holds, from `from` on, ascending.
  [[nodiscard]] std::vector<std::uint64_t> HeldBy(std::string_view consumer, std::uint64_t from, std::size_t max) const;
  // Up to `max` entries that others hold and got before or at `delivered_before_ns`.
  [[nodiscard]] std::vector<std::uint64_t> Claimable(std::string_view consumer, std::int64_t delivered_before_ns,
                                                     std::size_t max) const;
  // Counts one more delivery of a pending entry, to this consumer. Returns the count.
  std::uint32_t Redeliver(std::uint64_t entry, const std::string& consumer, std::int64_t now_ns);
  // What is not pending is ignored. True when something changed.
  bool Acknowledge(const std::vector<std::uint64_t>& entries);

  [[nodiscard]] std::string Encode() const;
  // Every pending entry counts as delivered at `now_ns`.
  static absl::StatusOr<ConsumerGroup> Decode(std::string_view text, std::int64_t now_ns);
  // Makes the group fit a log that holds [begin, end): entries outside it are neither pending nor acknowledged.
  void Clamp(std::uint64_t begin, std::uint64_t end);

 private:
  void RaiseFloor();

  std::uint64_t floor_ = 0;                   // everything up to here is acknowledged
  std::uint64_t delivered_ = 0;               // everything up to here was delivered
  std::map<std::uint64_t, Pending> pending_;  // within (floor_, delivered_]; the rest of that range is acknowledged
};

}  // namespace xt::embedded
