#include "tools/xtraderctl/unclean_leader.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "libs/adapters/grpc/clients.h"
#include "libs/adapters/redis/redis_execution_reader.h"
#include "libs/adapters/replicated/unclean_leader.h"
#include "libs/adapters/zookeeper/zookeeper_audit_log.h"
#include "libs/adapters/zookeeper/zookeeper_election.h"
#include "libs/base/clock.h"
#include "libs/base/status.h"
#include "tools/xtraderctl/journal/journal_source.h"
#include "tools/xtraderctl/journal/redis_address.h"
#include "tools/xtraderctl/journal/until.h"
#include "tools/xtraderctl/table.h"
#include "tools/xtraderctl/verify/store_view.h"

namespace xt::ctl {
namespace {

using domain::SequenceNumber;
using replicated::UncleanMark;
using Session = std::shared_ptr<zookeeper::ZooKeeperSession>;

constexpr std::size_t kPage = 500;  // entries of one answer of Redis

absl::StatusOr<Session> Connect(const Places& places) {
  if (places.zookeeper.empty()) return absl::NotFoundError("no ZooKeeper is named: it says which copies count");
  zookeeper::ZooKeeperConfig config;
  config.servers = places.zookeeper;
  return zookeeper::ZooKeeperSession::Open(config);
}

absl::StatusOr<SequenceNumber> EndOf(JournalSource& source) {
  SequenceNumber end;
  const auto begins = [&](const Beginning& beginning) {
    end = beginning.base.sequence;
    return absl::OkStatus();
  };
  const auto visit = [&](const ports::JournalRecord& record) {
    end = record.last_sequence;
    return absl::OkStatus();
  };
  XT_RETURN_IF_ERROR(source.Read(begins, visit).status());
  return end;
}

absl::StatusOr<SequenceNumber> EndOfDatabase(const std::string& url) {
  XT_ASSIGN_OR_RETURN(const auto view, OpenPostgres(url));
  return view->watermark();
}

absl::StatusOr<SequenceNumber> EndOfExecutions(const std::string& address, const std::string& shard) {
  XT_ASSIGN_OR_RETURN(const redis::RedisConfig config, RedisConfigOf(address));
  redis::RedisExecutionReader reader(config, shard);
  SequenceNumber last;
  while (true) {
    XT_ASSIGN_OR_RETURN(const auto entries, reader.ReadBehind(last, kPage, std::chrono::milliseconds(0)));
    if (entries.empty()) return last;
    last = entries.back().sequence;
  }
}

absl::StatusOr<SequenceNumber> EndOfReplica(const std::string& address) {
  grpc_clients::ClientOptions options;
  options.addresses = {address};
  XT_ASSIGN_OR_RETURN(const auto digest, grpc_clients::ConnectMatchingQueries(options)->GetStateDigest());
  return digest.sequence;
}

std::vector<Extent> AskOutside(const Places& places, const std::string& shard) {
  std::vector<Extent> extents;
  if (!places.postgres.empty()) extents.push_back({"database", EndOfDatabase(places.postgres)});
  if (!places.redis.empty()) extents.push_back({"executions " + places.redis, EndOfExecutions(places.redis, shard)});
  for (const std::string& address : places.matching) {
    extents.push_back({"matching " + address, EndOfReplica(address)});
  }
  return extents;
}

// The set last: what a candidate changes after that is seen when the mark is written.
absl::StatusOr<LeaderlessShard> LookAt(const Places& places, const std::string& shard, const Session& session,
                                       zookeeper::ZooKeeperInSyncSet& in_sync) {
  LeaderlessShard found;
  XT_ASSIGN_OR_RETURN(const auto sources, SourcesOf(places, shard));
  for (const auto& source : sources) found.copies.push_back({source->name(), EndOf(*source)});
  found.outside = AskOutside(places, shard);
  XT_ASSIGN_OR_RETURN(found.in_sync, in_sync.Look());
  XT_ASSIGN_OR_RETURN(found.candidate, zookeeper::FirstCandidate(*session, "sequencer-" + shard));
  return found;
}

SequenceNumber HighestOf(const std::vector<Extent>& extents) {
  SequenceNumber highest;
  for (const Extent& one : extents) highest = std::max(highest, one.sequence.value_or(SequenceNumber(0)));
  return highest;
}

std::string Listed(const char* title, const std::vector<Extent>& extents) {
  std::vector<Row> rows;
  for (const Extent& one : extents) {
    rows.push_back({"  " + one.name, one.sequence.ok() ? absl::StrCat("up to ", one.sequence->value())
                                                       : std::string(MessageOf(one.sequence.status()))});
  }
  return absl::StrCat(title, extents.empty() ? ": none is named" : "", "\n", Aligned(rows));
}

std::string RangeOf(SequenceNumber end, SequenceNumber known) {
  if (known <= end) return absl::StrCat("nothing that is known outside; what came behind ", end.value(), " is lost");
  const std::uint64_t first = end.value() + 1;
  return first == known.value() ? absl::StrCat(first) : absl::StrCat(first, "..", known.value());
}

absl::Status Explained(const absl::Status& written) {
  if (!absl::IsAborted(written)) return written;
  return absl::AbortedError("the in-sync set was changed meanwhile: somebody tries to lead. Nothing was written");
}

std::string LostOf(const nlohmann::json& start) {
  return RangeOf(SequenceNumber(start.at("adoptedSequence").get<std::uint64_t>()),
                 SequenceNumber(start.value("lostTo", std::uint64_t{0})));
}

}  // namespace

SequenceNumber LeaderlessShard::known_sequence() const { return HighestOf(outside); }

absl::Status MayBeGivenUp(const LeaderlessShard& shard) {
  if (shard.in_sync.members.empty()) {
    return absl::FailedPreconditionError("the in-sync set names no copy: nothing was ever confirmed");
  }
  if (!shard.candidate.empty()) {
    return absl::FailedPreconditionError(absl::StrCat(
        shard.candidate, " leads, or tries to: if it cannot, ask again when it has ended, or stop the sequencers"));
  }
  const std::string mark = MarkIn(shard.in_sync.members);
  if (mark.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("there is a mark already, for the next leader: ", mark));
}

std::string MarkIn(const std::vector<std::string>& members) {
  const auto found = std::ranges::find_if(members, replicated::IsUncleanMark);
  return found == members.end() ? "" : *found;
}

std::string TextOf(const LeaderlessShard& shard) {
  return absl::StrCat("in-sync set, claimed last for epoch ", shard.in_sync.epoch, ":\n  ",
                      absl::StrJoin(shard.in_sync.members, "\n  "), "\n", Listed("copies of the journal", shard.copies),
                      Listed("known outside the journal", shard.outside), "lost, with the longest of these copies: ",
                      RangeOf(HighestOf(shard.copies), shard.known_sequence()), "\n");
}

absl::StatusOr<std::string> GiveUp(const Places& places, const std::string& shard, const UncleanRequest& request) {
  XT_ASSIGN_OR_RETURN(const Session session, Connect(places));
  zookeeper::ZooKeeperInSyncSet in_sync(session, shard);
  XT_ASSIGN_OR_RETURN(const LeaderlessShard found, LookAt(places, shard, session, in_sync));
  XT_RETURN_IF_ERROR(MayBeGivenUp(found));
  const std::string text = TextOf(found);
  if (!request.lose_commands) return text + "nothing was changed: --lose-commands does it\n";
  const std::string entry =
      EntryOf(UncleanMark{request.by, request.reason, SystemClock::Instance().WallNs(), found.known_sequence()});
  XT_RETURN_IF_ERROR(Explained(in_sync.Add(entry)));
  return absl::StrCat(text, "written: ", entry, "\nthe next leader takes what it can reach, once\n");
}

absl::StatusOr<std::string> Withdraw(const Places& places, const std::string& shard) {
  XT_ASSIGN_OR_RETURN(const Session session, Connect(places));
  zookeeper::ZooKeeperInSyncSet in_sync(session, shard);
  XT_ASSIGN_OR_RETURN(const auto state, in_sync.Look());
  const std::string mark = MarkIn(state.members);
  if (mark.empty()) return absl::FailedPreconditionError("there is no mark of an unclean leader");
  XT_RETURN_IF_ERROR(Explained(in_sync.Remove(mark)));
  return absl::StrCat("withdrawn: ", mark, "\n");
}

absl::StatusOr<std::vector<std::string>> UncleanStartsOf(const Places& places, const std::string& shard) {
  XT_ASSIGN_OR_RETURN(const Session session, Connect(places));
  return zookeeper::ZooKeeperAuditLog(session, shard).List();
}

std::string UncleanStartsText(const std::vector<std::string>& starts) {
  if (starts.empty()) return "no leader ever began unclean\n";
  std::vector<Row> rows{{"epoch", "decided", "by", "reason", "adopted", "lost"}};
  for (const std::string& text : starts) {
    const auto start = nlohmann::json::parse(text);
    rows.push_back({absl::StrCat(start.at("epoch").get<std::uint64_t>()),
                    FormatTime(start.at("atNs").get<std::int64_t>()), start.at("by"), start.at("reason"),
                    absl::StrCat(start.at("adoptedSequence").get<std::uint64_t>()), LostOf(start)});
  }
  return Aligned(rows);
}

std::string UncleanStartsJson(const std::vector<std::string>& starts) {
  auto all = nlohmann::ordered_json::array();
  for (const std::string& text : starts) all.push_back(nlohmann::ordered_json::parse(text));
  return all.dump(2) + "\n";
}

}  // namespace xt::ctl
