// SPDX-License-Identifier: MIT
// What the functions of the fit's extension tables have in common.
#pragma once

#include <knack/abi/host.h>

#include <cstddef>
#include <string>
#include <utility>

#include "host/plugin/guard.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/plugin/text.hpp"
#include "host/services/fit_services.hpp"
#include "host/services/status.hpp"

namespace knack::host {

/// Index checks of the tables.
inline std::size_t checked_index(std::int64_t index, std::size_t count, const char* what) {
  if (index < 0 || static_cast<std::size_t>(index) >= count) {
    throw ServiceError(KNACK_STATUS_NOT_FOUND, std::string(what) + ": expected an index below " +
                                                   std::to_string(count) + ", found " +
                                                   std::to_string(index));
  }
  return static_cast<std::size_t>(index);
}

/// Runs `function(instance, fit)` for a plugin; failures become a status and a text. Outside a fit
/// there is nothing to serve.
template <class Function>
std::int32_t serve(const knack_host_t* host, Function&& function) noexcept {
  return to_status([&] {
    InstanceContext& instance = InstanceContext::of(host);
    if (instance.services.fit == nullptr) {
      throw ServiceError(KNACK_STATUS_UNSUPPORTED,
                         "the service was used while no fit is in progress");
    }
    std::forward<Function>(function)(instance, *instance.services.fit);
  });
}

/// Thrown through the host by a callback whose status was not OK; never seen by anyone.
struct CallbackFailed {};

/// As serve(), for functions that call back into the plugin: `function(fit, status)` throws
/// CallbackFailed after the callback returned a status but OK, which then is what is returned; the
/// text is the one the plugin gave.
template <class Function>
std::int32_t serve_callback(const knack_host_t* host, Function&& function) noexcept {
  std::int32_t callback_status = KNACK_STATUS_OK;
  const std::int32_t status = serve(host, [&](InstanceContext&, FitServices& fit) {
    try {
      function(fit, callback_status);
    } catch (const CallbackFailed&) {
    }
  });
  return callback_status != KNACK_STATUS_OK ? callback_status : status;
}

/// As serve(), for functions that return a number of things: -1 after a failure.
template <class Function>
std::int64_t serve_count(const knack_host_t* host, Function&& function) noexcept {
  std::int64_t count = -1;
  serve(host, [&](InstanceContext&, FitServices& fit) {
    count = static_cast<std::int64_t>(function(fit));
  });
  return count;
}

}  // namespace knack::host
