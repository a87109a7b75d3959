// SPDX-License-Identifier: MIT
// Another host than this one, as plugins see it.
#pragma once

#include <knack/abi/entry.h>

#include <cstdint>

#include "host/plugin/instance_context.hpp"

namespace knack::host {

/// Stands between the host and the plugins of this process, so that what tests a plugin can show it
/// an older, newer or failing host, and see what it does.
class HostDisguise {
 public:
  virtual ~HostDisguise() = default;

  /// What `init` gets in place of `context.table`; lives as long as the process.
  virtual const knack_host_t* init_table(const InstanceContext& context) = 0;

  /// Makes an instance in place of `entry.create`; contract as there. What it gives is what the
  /// host enters and destroys.
  virtual std::int32_t create(const knack_entry_t& entry, std::uint32_t index,
                              const InstanceContext& context, const knack_value_t* options,
                              knack_instance_t** out_instance) = 0;
};

/// The disguise of this process; nullptr, as in every run: none.
HostDisguise* host_disguise() noexcept;

/// Before the plugins it is meant for are loaded. `disguise` outlives their instances.
void disguise_host(HostDisguise* disguise) noexcept;

}  // namespace knack::host
