// What tests of matching need of a sequencer: frames that follow each other, and an observer whose results can be waited
// for. FrameChain is not thread-safe; ResultCollector is.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/frame.h"
#include "libs/ports/matching_replica.h"
#include "libs/wire/frame_codec.h"

namespace xt::matching::testing {

inline constexpr std::chrono::seconds kPatience{60};

class FrameChain {
 public:
  std::shared_ptr<const domain::Frame> Next(const std::vector<domain::CommandBody>& bodies) {
    domain::Frame frame;
    frame.epoch = domain::Epoch(1);
    frame.first_sequence = domain::SequenceNumber(sequence_ + 1);
    frame.timestamp_ns = ++timestamp_ns_;
    frame.previous_hash = hash_;
    for (const domain::CommandBody& body : bodies) frame.commands.push_back({body});
    wire::EncodeFrame(frame);
    sequence_ += bodies.size();
    hash_ = frame.hash;
    return std::make_shared<const domain::Frame>(std::move(frame));
  }

  // Two assets, the market BTC-KRW with a tick of 1 KRW and a lot of 0.01 BTC, and the accounts 1 and 2 with funds.
  static std::vector<domain::CommandBody> Setup() {
    std::vector<domain::CommandBody> bodies;
    bodies.push_back(domain::EpochStart{domain::Epoch(1)});
    bodies.push_back(domain::DefineAsset{*domain::AssetCode::From("BTC"), 8});
    bodies.push_back(domain::DefineAsset{*domain::AssetCode::From("KRW"), 4});
    domain::Symbol symbol;
    symbol.code = *domain::SymbolCode::From("BTC-KRW");
    symbol.base = domain::AssetId(0);
    symbol.quote = domain::AssetId(1);
    symbol.tick_size = domain::Amount(10'000);
    symbol.lot_size = domain::Amount(1'000'000);
    symbol.taker_fee_bps = 10;
    bodies.push_back(domain::DefineSymbol{symbol});
    for (const std::uint32_t account : {1u, 2u}) {
      bodies.push_back(domain::CreateAccount{*domain::AccountName::From("trader-" + std::to_string(account))});
      for (const domain::AssetId asset : {symbol.base, symbol.quote}) {
        bodies.push_back(domain::Deposit{domain::AccountId(account), asset, domain::Amount(1'000'000'000'000),
                                         *domain::ClientOrderId::From("d" + std::to_string(asset.value()))});
      }
    }
    return bodies;
  }
  static constexpr std::uint64_t kSetupCommands = 10;

  static domain::NewOrder Limit(std::uint32_t account, domain::Side side, std::int64_t price, std::int64_t quantity,
                                const std::string& id) {
    domain::NewOrder order;
    order.account = domain::AccountId(account);
    order.symbol = domain::SymbolId(0);
    order.side = side;
    order.type = domain::OrderType::kLimit;
    order.time_in_force = domain::TimeInForce::kGtc;
    order.price = domain::Price(price);
    order.quantity = domain::Quantity(quantity);
    order.client_order_id = *domain::ClientOrderId::From(id);
    return order;
  }

  // The next frame's timestamp.
  void SetTime(std::int64_t timestamp_ns) { timestamp_ns_ = timestamp_ns - 1; }
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }
  [[nodiscard]] Hash128 hash() const { return hash_; }

 private:
  std::uint64_t sequence_ = 0;
  std::int64_t timestamp_ns_ = 1'700'000'000'000'000'000;
  Hash128 hash_;
};

// Must outlive whatever it observes.
class ResultCollector {
 public:
  ports::MatchingReplica::Observer Observer() {
    return [this](absl::StatusOr<ports::FrameResults> results) {
      const std::lock_guard lock(mutex_);
      if (results.ok()) {
        frames_.push_back(*std::move(results));
      } else {
        end_ = results.status();
      }
      changed_.notify_all();
    };
  }

  // False when they did not come in time.
  bool WaitForFrames(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return frames_.size() >= count; });
  }
  // OK when it did not end in time.
  absl::Status WaitForEnd() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, kPatience, [&] { return !end_.ok(); });
    return end_;
  }
  std::vector<ports::FrameResults> frames() {
    const std::lock_guard lock(mutex_);
    return frames_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<ports::FrameResults> frames_;
  absl::Status end_;
};

}  // namespace xt::matching::testing
