// SPDX-License-Identifier: MIT
// The one place that knows what a tensor handle is: the address of an at::Tensor.
#pragma once

#include <ATen/core/Tensor.h>
#include <knack/abi/value.h>

#include <memory>
#include <utility>

namespace knack::host {

/// A handle that is valid while `tensor` is and stays where it is.
inline knack_tensor_t* borrow(const at::Tensor& tensor) {
  return reinterpret_cast<knack_tensor_t*>(const_cast<at::Tensor*>(&tensor));
}

/// A handle that owns one reference; who gets it gives it to take_tensor() once.
inline knack_tensor_t* give_tensor(at::Tensor tensor) {
  return reinterpret_cast<knack_tensor_t*>(new at::Tensor(std::move(tensor)));
}

/// The tensor behind a handle that is not NULL.
inline at::Tensor& tensor_of(knack_tensor_t* handle) {
  return *reinterpret_cast<at::Tensor*>(handle);
}

/// Takes over the reference that `owned`, which is not NULL, stands for.
inline at::Tensor take_tensor(knack_tensor_t* owned) {
  const std::unique_ptr<at::Tensor> holder(&tensor_of(owned));
  return std::move(*holder);
}

/// Whether `handle` names a tensor at all; plugins hand out NULL and undefined ones by mistake.
inline bool is_usable(knack_tensor_t* handle) {
  return handle != nullptr && tensor_of(handle).defined();
}

}  // namespace knack::host
