// CommandReader: any bytes to a stream of commands. Small values are likely, so that orders meet, and every value is
// possible. It is told of the orders that appear, so that cancels find some. When the bytes end, they go on as zeros.
// Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

#include "libs/domain/command.h"
#include "libs/domain/event.h"
#include "tests/fuzz/targets.h"

namespace xt::fuzz {

class CommandReader {
 public:
  explicit CommandReader(Bytes bytes) : rest_(bytes) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  // How far journal time goes on before the next command.
  std::int64_t ReadStepNs();
  // Whether the engine is saved and restored before the next command.
  bool ReadRestart();
  domain::Command ReadCommand(std::int64_t now_ns);
  void Observe(std::span<const domain::Event> events);

 private:
  domain::CommandBody ReadBody();
  domain::NewOrder ReadOrder();
  domain::CancelOrder ReadNamed();
  domain::CommandBody ReadTransfer();
  domain::CommandBody ReadSymbolLimits();
  domain::CommandBody ReadAccountSettings();
  domain::CommandBody ReadReferenceData();

  std::uint8_t Byte();
  std::uint64_t Word();
  std::int64_t Value();
  // least..most for most bytes, and any number.
  template <typename T>
  T Enum(int least, int most);
  domain::AccountId Account();
  domain::SymbolId Symbol();
  domain::AssetId Asset();
  domain::OrderGroup Group();
  domain::OrderId Order();
  domain::ClientOrderId Id(char prefix);

  Bytes rest_;
  std::int64_t now_ns_ = 0;
  std::vector<domain::OrderId> orders_;
};

}  // namespace xt::fuzz
