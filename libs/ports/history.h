// History: what persistence answers. Persistence implements it; the gateway calls it, directly or through gRPC.
//
// Every query names the sequence that the caller has already seen; the answer is at least as new. When persistence does
// not get there within its bounded wait, the call is UNAVAILABLE ("lagging"): old data is never passed off as new.
// Threads: any; the calls block the caller for at most the wait plus the query.
#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "libs/domain/ids.h"
#include "libs/ports/store.h"

namespace xt::ports {

class History {
 public:
  virtual ~History() = default;
  // NOT_FOUND when absent. The row carries the first answer too.
  virtual absl::StatusOr<OrderRow> GetOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                            domain::OrderId order) = 0;
  virtual absl::StatusOr<OrderRow> FindOrder(domain::SequenceNumber at_least, domain::AccountId account,
                                             std::string_view client_order_id) = 0;
  virtual absl::StatusOr<std::vector<OrderRow>> ListOrders(domain::SequenceNumber at_least,
                                                           const OrderFilter& filter) = 0;
  virtual absl::StatusOr<std::vector<FillRow>> ListFills(domain::SequenceNumber at_least, const FillFilter& filter) = 0;
  virtual absl::StatusOr<std::vector<BalanceRow>> ListBalances(domain::SequenceNumber at_least,
                                                               domain::AccountId account) = 0;
  virtual absl::StatusOr<std::vector<AccountRow>> ListAccounts(domain::SequenceNumber at_least) = 0;
  // The last sequence that is in the database.
  virtual absl::StatusOr<domain::SequenceNumber> CommittedSequence() = 0;
  // Credentials; NOT_FOUND when absent.
  virtual absl::StatusOr<ApiKeyRow> GetApiKey(std::string_view api_key) = 0;
  virtual absl::StatusOr<std::vector<ApiKeyRow>> ListApiKeys(domain::AccountId account) = 0;
  virtual absl::Status PutApiKey(const ApiKeyRow& row) = 0;
};

}  // namespace xt::ports
