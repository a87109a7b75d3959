// SPDX-License-Identifier: MIT
// The wrapper on top of the host's own tensors and operators, in one process.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <knack/sdk/tensor.hpp>

#include "host/plugin/instance_context.hpp"
#include "host/services/services.hpp"

namespace knack {

class HostOperators : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    host::register_aten();
    host::register_tensor();
    static const host::HostServices services;
    static const host::InstanceContext context("test.so", "trick", "test", "test", services);
    detail::open_gateway(&context.table);
  }
};

/// A tensor of LibTorch as the wrapper sees it, and back. Both share their elements.
inline Tensor wrap(at::Tensor tensor) {
  return Tensor::take(reinterpret_cast<knack_tensor_t*>(new at::Tensor(std::move(tensor))));
}
inline const at::Tensor& unwrap(const Tensor& tensor) {
  return *reinterpret_cast<const at::Tensor*>(tensor.handle());
}

}  // namespace knack
