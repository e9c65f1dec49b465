// I9: the brokers. Each lane of each bus has, once what came again is dropped, exactly the messages that the journal
// gives, in order and with the content that the journal gives. RabbitMQ keeps nothing that could be read.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tools/xtraderctl/verify/bus_content.h"
#include "tools/xtraderctl/verify/check.h"

namespace xt::ctl {

class BusCheck final : public Check {
 public:
  explicit BusCheck(std::vector<BusContent> buses);

  void Take(const Step& step) override;
  std::vector<Verdict> Finish() override;
  std::vector<Verdict> FinishUnplayed(domain::SequenceNumber end, const std::string& why) override;

 private:
  struct Bus {
    BusContent content;
    std::map<std::string, std::size_t> next;  // by lane: what was not compared yet
    std::uint64_t compared = 0;
    domain::SequenceNumber from;  // of the first message that was compared
  };
  void Expect(const std::string& topic, const std::string& key, const domain::EventId& id, const std::string& payload);
  void Expect(Bus& bus, const std::string& topic, const std::string& key, const BusMessage& expected);
  void FinishLanes(const Bus& bus);
  void CheckLane(const Bus& bus, const std::string& name, const Lane& lane);
  void CheckEnd(const Bus& bus, domain::SequenceNumber end);

  std::vector<Bus> buses_;
  domain::SequenceNumber last_;
  Finding finding_{"I9"};
};

}  // namespace xt::ctl
