// BusContent: what lies in one bus, lane by lane: messages of one topic and key, which keep their order among each
// other. Of a message only its id and the hash of its content are kept. One reader for each bus. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "libs/base/hash.h"
#include "libs/domain/ids.h"
#include "tools/xtraderctl/journal/places.h"

namespace xt::ctl {

struct BusMessage {
  domain::EventId id;
  Hash128 hash;
};

class Lane {
 public:
  // As they come: what comes again is dropped when it is the same.
  void Add(const BusMessage& message);
  // Forgets what lies before the sequence.
  void DropBefore(domain::SequenceNumber sequence);

  [[nodiscard]] const std::vector<BusMessage>& messages() const { return messages_; }
  // The first message that came out of order or again with another content; empty when none did.
  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  std::vector<BusMessage> messages_;
  std::string wrong_;
};

struct BusContent {
  std::string name;                   // for people
  std::vector<std::string> topics;    // those that were read
  std::map<std::string, Lane> lanes;  // by LaneName
  bool trimmed = false;               // messages may be missing at the beginning of each lane
  domain::SequenceNumber through;     // up to this one everything was confirmed before it was read
  std::string failure;                // why it was not read; empty when it was
};

std::string LaneName(const std::string& topic, const std::string& key);
// What identifies the content: of a depth message without the link to the one before, which publishers may not know.
Hash128 ContentHash(const std::string& topic, const std::string& payload);
std::string TextOf(const domain::EventId& id);

// `watermark`: of the database. It says what has to be there where no sequencer tells what its publishers confirmed.
BusContent ReadKafka(const Places& places, domain::SequenceNumber watermark);
BusContent ReadExecutions(const Places& places, const std::string& shard, domain::SequenceNumber watermark);

}  // namespace xt::ctl
