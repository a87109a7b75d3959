// SPDX-License-Identifier: MIT
// The host functions that need no instance, found once per plugin file.
#pragma once

#include <knack/abi/ext/aten.h>
#include <knack/abi/ext/tensor.h>
#include <knack/sdk/error.hpp>

namespace knack::inline v1::detail {

/// What `init` found; an extension that the host lacks is null.
struct Gateway {
  const knack_tensor_api_t* tensor = nullptr;
  const knack_aten_api_t* aten = nullptr;
};

inline Gateway gateway;

[[noreturn]] inline void throw_missing_extension(const char* id) {
  throw Error(KNACK_STATUS_UNSUPPORTED,
              std::string("this host has no ") + id + "; use a knack release that has it");
}

/// The extension `id` of this host. Throws Error(KNACK_STATUS_UNSUPPORTED) when it has none.
template <typename Api>
const Api& extension(const knack_host_t* host, const char* id) {
  const auto* api = static_cast<const Api*>(host->get_extension(host, id));
  if (api == nullptr) throw_missing_extension(id);
  return *api;
}

inline const knack_tensor_api_t& tensor_api() {
  if (gateway.tensor == nullptr) throw_missing_extension(KNACK_EXT_TENSOR);
  return *gateway.tensor;
}

inline const knack_aten_api_t& aten_api() {
  if (gateway.aten == nullptr) throw_missing_extension(KNACK_EXT_ATEN);
  return *gateway.aten;
}

inline void open_gateway(const knack_host_t* host) {
  gateway.tensor =
      static_cast<const knack_tensor_api_t*>(host->get_extension(host, KNACK_EXT_TENSOR));
  gateway.aten = static_cast<const knack_aten_api_t*>(host->get_extension(host, KNACK_EXT_ATEN));
}

}  // namespace knack::inline v1::detail
