// SPDX-License-Identifier: MIT
// Handles of the ABI as at::Tensor, and back, for plugins of tier torch-cxx. A handle is the
// address of an at::Tensor; an owned one lies on the heap.
#pragma once

#include <ATen/core/Tensor.h>
#include <knack/abi/value.h>
#include <knack/sdk/error.hpp>

#include <c10/util/Exception.h>

#include <memory>
#include <utility>

namespace knack::inline v1 {

/// The tensor behind a borrowed handle, valid as long as the handle. `handle` is not NULL.
inline const at::Tensor& tensor_of(const knack_tensor_t* handle) {
  return *reinterpret_cast<const at::Tensor*>(handle);
}

/// A borrowed handle, valid as long as `tensor` stays where it is.
inline knack_tensor_t* lend_tensor(const at::Tensor& tensor) {
  return reinterpret_cast<knack_tensor_t*>(const_cast<at::Tensor*>(&tensor));
}

/// Takes over an owned handle, which is used up.
inline at::Tensor take_tensor(knack_tensor_t* owned) {
  const std::unique_ptr<at::Tensor> tensor(reinterpret_cast<at::Tensor*>(owned));
  return std::move(*tensor);
}

/// An owned handle, for the host or for the functions of ext/tensor.h.
inline knack_tensor_t* give_tensor(at::Tensor tensor) {
  return reinterpret_cast<knack_tensor_t*>(new at::Tensor(std::move(tensor)));
}

namespace detail {

/// Runs `body`, turning LibTorch's errors into Error with the message alone, without its backtrace.
template <typename Body>
decltype(auto) with_torch_errors(Body&& body) {
  try {
    return body();
  } catch (const c10::Error& error) {
    throw Error(error.what_without_backtrace());
  }
}

}  // namespace detail
}  // namespace knack::inline v1
