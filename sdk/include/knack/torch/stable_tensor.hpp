// SPDX-License-Identifier: MIT
// Handles of the ABI as torch::stable::Tensor, and back, for plugins of tier torch-stable: those use
// LibTorch's stable headers (torch/csrc/stable/, torch/headeronly/) with TORCH_TARGET_VERSION set,
// and load into every host whose LibTorch is that version or later. Both kinds of handle are the
// address of a tensor object, so nothing is copied.
#pragma once

#if !defined(TORCH_TARGET_VERSION)
#error "TORCH_TARGET_VERSION is not set: knack_add_plugin(... TORCH_STABLE) does it"
#endif

#include <knack/abi/value.h>
#include <torch/csrc/stable/tensor.h>
#include <knack/sdk/tensor_handle.hpp>

#include <string>

namespace knack::inline v1 {

namespace detail {

inline void check_stable(AOTITorchError status, const char* function) {
  if (status != AOTI_TORCH_SUCCESS) {
    fail(Error(std::string(function) + " failed with status " + std::to_string(status)));
  }
}

inline AtenTensorHandle another_reference(AtenTensorHandle tensor) {
  AtenTensorHandle owned = nullptr;
  check_stable(aoti_torch_new_tensor_handle(tensor, &owned), "aoti_torch_new_tensor_handle");
  return owned;
}

}  // namespace detail

/// The tensor behind a borrowed handle, with a reference of its own. `handle` is not NULL.
inline torch::stable::Tensor stable_tensor_of(knack_tensor_t* handle) {
  return torch::stable::Tensor(
      detail::another_reference(reinterpret_cast<AtenTensorHandle>(handle)));
}
inline torch::stable::Tensor stable_tensor_of(const Tensor& tensor) {
  return stable_tensor_of(tensor.handle());
}

/// Takes over an owned handle, which is used up.
inline torch::stable::Tensor take_stable_tensor(knack_tensor_t* owned) {
  return torch::stable::Tensor(reinterpret_cast<AtenTensorHandle>(owned));
}

/// The tensor for the wrapper and, by its release(), for the host.
inline Tensor wrap_stable_tensor(const torch::stable::Tensor& tensor) {
  return Tensor::take(reinterpret_cast<knack_tensor_t*>(detail::another_reference(tensor.get())));
}

}  // namespace knack::inline v1
