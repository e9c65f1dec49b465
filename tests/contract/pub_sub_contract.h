// The contract of ports::PubSub as tests; see command_journal_contract.h for how an adapter uses it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "libs/ports/pub_sub.h"
#include "tests/contract/contract_support.h"

namespace xt::contract {

using PubSubFactory = std::unique_ptr<ports::PubSub> (*)();

// Keeps what a subscription heard; "live" is written as "<live>".
class Listener {
 public:
  ports::PubSub::Handler Handler() {
    return {[this] { heard_.Add("<live>"); }, [this](std::string_view message) { heard_.Add(std::string(message)); }};
  }
  std::vector<std::string> WaitFor(std::size_t count) { return heard_.WaitFor(count); }

 private:
  Outcomes<std::string> heard_;
};

class PubSubContract : public ::testing::TestWithParam<PubSubFactory> {
 protected:
  const std::unique_ptr<ports::PubSub> pub_sub_ = GetParam()();
};

TEST_P(PubSubContract, WhoListensHearsEverythingOfItsChannelInOrder) {
  ASSERT_TRUE(pub_sub_->Publish("news", "nobody hears this").ok());
  Listener first;
  Listener second;
  Listener other;
  const auto a = pub_sub_->Subscribe("news", first.Handler());
  const auto b = pub_sub_->Subscribe("news", second.Handler());
  const auto c = pub_sub_->Subscribe("other", other.Handler());
  for (Listener* listener : {&first, &second, &other})
    ASSERT_THAT(listener->WaitFor(1), ::testing::ElementsAre("<live>"));
  const std::string binary("\0\r\n", 3);
  for (const std::string& message : {std::string("one"), std::string(), binary}) {
    ASSERT_TRUE(pub_sub_->Publish("news", message).ok());
  }
  ASSERT_TRUE(pub_sub_->Publish("other", "two").ok());
  EXPECT_THAT(first.WaitFor(4), ::testing::ElementsAre("<live>", "one", "", binary));
  EXPECT_THAT(second.WaitFor(4), ::testing::ElementsAre("<live>", "one", "", binary));
  EXPECT_THAT(other.WaitFor(2), ::testing::ElementsAre("<live>", "two"));
}

TEST_P(PubSubContract, WhoLeftHearsNothing) {
  Listener gone;
  Listener stays;
  auto leaving = pub_sub_->Subscribe("news", gone.Handler());
  const auto staying = pub_sub_->Subscribe("news", stays.Handler());
  ASSERT_EQ(gone.WaitFor(1).size(), 1U);
  ASSERT_EQ(stays.WaitFor(1).size(), 1U);
  leaving.reset();
  ASSERT_TRUE(pub_sub_->Publish("news", "late").ok());
  EXPECT_EQ(stays.WaitFor(2).size(), 2U);
  EXPECT_EQ(gone.WaitFor(1).size(), 1U);
}

}  // namespace xt::contract
