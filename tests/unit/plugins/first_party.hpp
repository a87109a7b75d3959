// SPDX-License-Identifier: MIT
// The plugins of this build, for tests.
#pragma once

#include "host/plugin/host_facts.hpp"
#include "host/plugin/registry.hpp"
#include "host/services/services.hpp"

namespace knack::testing {

/// Made on first use and never destroyed, as in the host.
inline const host::Registry& first_party_plugins() {
  static const host::Registry& registry = []() -> const host::Registry& {
    host::register_aten();
    host::register_tensor();
    return *new host::Registry({KNACK_PLUGIN_DIRECTORY}, host::this_host());
  }();
  return registry;
}

/// An instance, as a Dataset, Objective, ... of the host, with defaults where `options` has
/// nothing.
template <class Kind>
Kind make_first_party(const std::string& id, host::Value::Map options = {}) {
  static const host::HostServices services;
  return first_party_plugins().create<Kind>(id, id, host::Value(std::move(options)), services);
}

}  // namespace knack::testing
