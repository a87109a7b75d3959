// SPDX-License-Identifier: MIT
// environment.json: on what and with what a run was trained.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "host/report/run_folder.hpp"

namespace knack::host {

/// What the machine does not tell by itself about a session: one process that trains a run.
struct SessionFacts {
  std::int64_t step = 0;     ///< at which it begins
  std::string libtorch;      ///< version
  std::int64_t threads = 1;  ///< within one operator
  std::string device;        ///< "cpu", "cuda:0"
};

/// The session of this process: when that began, `facts`, versions, command line, system, processor,
/// memory and, unless the device is the CPU, the models of the graphics cards. What cannot be found
/// out is null.
nlohmann::ordered_json describe_session(const SessionFacts& facts);

/// Adds a session to environment.json, which is made when it is missing. Throws Error(data).
void add_session(const RunFolder& folder, const nlohmann::ordered_json& session);

}  // namespace knack::host
