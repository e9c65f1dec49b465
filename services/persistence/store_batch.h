// The rows of the core as the rows of the store: the same values under the names of libs/ports. Pure, thread-safe.
#pragma once

#include "libs/ports/store.h"
#include "services/persistence/core/projection.h"

namespace xt::persistence {

ports::StoreBatch ToStoreBatch(const Projection& projection);

}  // namespace xt::persistence
