// SPDX-License-Identifier: MIT
// What the host knows about one plugin instance while that runs.
#pragma once

#include <ATen/core/Generator.h>
#include <knack/abi/host.h>

#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace knack::host {

class FitServices;
class LogSink;

/// What a process offers to its plugins; outlives every instance.
struct HostServices {
  LogSink* log = nullptr;      ///< nullptr: log lines are dropped
  FitServices* fit = nullptr;  ///< nullptr: no fit is in progress
  std::uint64_t seed = 0;      ///< of the run
  bool check_plugins = false;  ///< whether calls are watched for what they must not change
};

/// The host's half of an instance; its address stays, as `table.host_data` points to it.
struct InstanceContext {
  InstanceContext(std::string file, std::string kind, std::string id, std::string name,
                  const HostServices& services);
  InstanceContext(const InstanceContext&) = delete;
  InstanceContext& operator=(const InstanceContext&) = delete;

  /// The context behind a table that the host handed out.
  static InstanceContext& of(const knack_host_t* table) {
    return *static_cast<InstanceContext*>(table->host_data);
  }

  /// "FILE: trick ema", or "FILE: trick ema (instance slow_ema)" when its name says more than its
  /// kind and id do.
  std::string place() const;

  const std::string file;
  const std::string kind;
  const std::string id;
  const std::string name;  ///< unique in a run
  const HostServices& services;
  const std::thread::id thread = std::this_thread::get_id();  ///< the fit thread, which made it
  std::vector<at::Generator> generators;  ///< its random streams (host/services/random_stream.hpp)
  const knack_host_t table;
};

/// Makes `table`, which lives until the process ends, what plugins get for `id`, such as
/// "knack.log/1". Called before plugins are loaded.
void register_extension(const std::string& id, const void* table);

}  // namespace knack::host
