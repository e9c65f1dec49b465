// What the standalone says when it serves: the ready file for programs, the summary with a first order for people. Pure.
#pragma once

#include <string>
#include <vector>

#include "libs/bootstrap/bootstrap.h"
#include "libs/runtime/service_main.h"

namespace xt::standalone {

// One JSON object: rest, ws, grpc, metrics, pid, accounts.
std::string ReadyJson(const std::string& rest_url, const runtime::Endpoints& endpoints,
                      const std::vector<bootstrap::DemoAccount>& accounts);
std::string Summary(const std::string& rest_url, const runtime::Endpoints& endpoints,
                    const std::vector<bootstrap::DemoAccount>& accounts, const std::string& data_folder,
                    const std::string& log_file);

}  // namespace xt::standalone
