// SPDX-License-Identifier: MIT
// The host functions that need no instance, found once per plugin file.
#pragma once

#include <knack/abi/ext/aten.h>
#include <knack/abi/ext/autograd.h>
#include <knack/abi/ext/dlpack.h>
#include <knack/abi/ext/tensor.h>
#include <knack/sdk/error.hpp>

namespace knack::inline v1::detail {

/// What `init` found; an extension that the host lacks is null.
struct Gateway {
  const knack_tensor_api_t* tensor = nullptr;
  const knack_aten_api_t* aten = nullptr;
  const knack_autograd_api_t* autograd = nullptr;
  const knack_dlpack_api_t* dlpack = nullptr;
};

inline Gateway gateway;

/// `*api`. Fails when the host has no such extension, and then gives a table of empty slots.
template <typename Api>
const Api& require_extension(const Api* api, const char* id) {
  static constexpr Api kMissing{};
  if (api != nullptr) [[likely]]
    return *api;
  knack::fail(KNACK_STATUS_UNSUPPORTED,
              std::string("this host has no ") + id + "; use a knack release that has it");
  return kMissing;
}

template <typename Api>
const Api* find_extension(const knack_host_t* host, const char* id) {
  return static_cast<const Api*>(host->get_extension(host, id));
}

/// The extension `id` of this host. Fails with KNACK_STATUS_UNSUPPORTED when it has none.
template <typename Api>
const Api& extension(const knack_host_t* host, const char* id) {
  return require_extension(find_extension<Api>(host, id), id);
}

inline const knack_tensor_api_t& tensor_api() {
  return require_extension(gateway.tensor, KNACK_EXT_TENSOR);
}
inline const knack_aten_api_t& aten_api() {
  return require_extension(gateway.aten, KNACK_EXT_ATEN);
}
inline const knack_autograd_api_t& autograd_api() {
  return require_extension(gateway.autograd, KNACK_EXT_AUTOGRAD);
}
inline const knack_dlpack_api_t& dlpack_api() {
  return require_extension(gateway.dlpack, KNACK_EXT_DLPACK);
}

inline void open_gateway(const knack_host_t* host) {
  gateway.tensor = find_extension<knack_tensor_api_t>(host, KNACK_EXT_TENSOR);
  gateway.aten = find_extension<knack_aten_api_t>(host, KNACK_EXT_ATEN);
  gateway.autograd = find_extension<knack_autograd_api_t>(host, KNACK_EXT_AUTOGRAD);
  gateway.dlpack = find_extension<knack_dlpack_api_t>(host, KNACK_EXT_DLPACK);
}

}  // namespace knack::inline v1::detail
