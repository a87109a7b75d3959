// SPDX-License-Identifier: MIT
// What the functions of the fit's extension tables have in common.
#pragma once

#include <knack/abi/host.h>

#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "host/plugin/guard.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/services/fit_services.hpp"
#include "host/services/status.hpp"

namespace knack::host {

inline std::string_view view(knack_string_t text) {
  return {text.data == nullptr ? "" : text.data, text.size};
}

/// A text that outlives the call, as the tables hand it out.
inline knack_string_t lend(const std::string& text) {
  return {text.data(), text.size()};
}

/// A text that lives as long as the plugin's call in progress.
inline knack_string_t lend_copy(const std::string& text) {
  auto* copy = static_cast<char*>(Call::allocate(text.size() + 1));
  if (copy == nullptr) {
    throw std::bad_alloc();
  }
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

/// Index checks of the tables.
inline std::size_t checked_index(std::int64_t index, std::size_t count, const char* what) {
  if (index < 0 || static_cast<std::size_t>(index) >= count) {
    throw ServiceError(KNACK_STATUS_NOT_FOUND,
                       std::string(what) + ": expected an index below " + std::to_string(count) +
                           ", found " + std::to_string(index));
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
      throw ServiceError(KNACK_STATUS_UNSUPPORTED, "the service was used while no fit is in progress");
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
