// SPDX-License-Identifier: MIT
// Plugins, made as a fit makes them but without a recipe.
#pragma once

#include "host/plugin/host_facts.hpp"
#include "host/plugin/registry.hpp"
#include "host/services/services.hpp"

namespace knack::bench {

/// The plugins of this build and those in bench/plugins. Never destroyed, as in the host.
inline host::Registry& plugins() {
  static host::Registry& registry = []() -> host::Registry& {
    host::register_services();
    return *new host::Registry({KNACK_PLUGIN_DIRECTORY, KNACK_BENCH_PLUGIN_DIRECTORY},
                               host::this_host());
  }();
  return registry;
}

/// An instance with the plugin's defaults where `options` has nothing.
template <class Kind>
Kind make(const std::string& id, host::Value::Map options = {}) {
  static const host::HostServices services;
  return plugins().create<Kind>(id, id, host::Value(std::move(options)), services);
}

}  // namespace knack::bench
