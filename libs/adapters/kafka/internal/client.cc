#include "libs/adapters/kafka/internal/client.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"

namespace xt::kafka {

absl::StatusOr<ConfigHandle> MakeConfig(const KafkaConfig& config, const Settings& settings) {
  ConfigHandle handle(rd_kafka_conf_new());
  Settings all = {{"bootstrap.servers", config.brokers}, {"client.id", config.client_id},
                  {"allow.auto.create.topics", "false"}, {"socket.nagle.disable", "true"},
                  {"socket.keepalive.enable", "true"},   {"reconnect.backoff.ms", "50"},
                  {"reconnect.backoff.max.ms", "1000"}};
  all.insert(all.end(), settings.begin(), settings.end());
  for (const auto& [name, value] : all) {
    std::array<char, 512> error{};
    if (rd_kafka_conf_set(handle.get(), name.c_str(), value.c_str(), error.data(), error.size()) != RD_KAFKA_CONF_OK) {
      return absl::InvalidArgumentError(absl::StrCat("kafka: ", error.data()));
    }
  }
  rd_kafka_conf_set_log_cb(handle.get(), nullptr);
  return handle;
}

absl::StatusOr<Client> MakeClient(rd_kafka_type_t type, ConfigHandle config) {
  std::array<char, 512> error{};
  Client client(rd_kafka_new(type, config.get(), error.data(), error.size()));
  if (!client) return absl::InvalidArgumentError(absl::StrCat("kafka: ", error.data()));
  static_cast<void>(config.release());  // the client owns it now
  return client;
}

absl::Status Unavailable(std::string_view what, rd_kafka_resp_err_t error) {
  return Unavailable(what, rd_kafka_err2str(error));
}

absl::Status Unavailable(std::string_view what, std::string_view detail) {
  return absl::UnavailableError(absl::StrCat("kafka: ", std::string(what), ": ", std::string(detail)));
}

int RemainingMs(Deadline deadline, int least) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, least));
}

}  // namespace xt::kafka
