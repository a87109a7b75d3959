// SPDX-License-Identifier: MIT
// The wrapper on top of the host's own tensors and operators, in one process.
#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <knack/sdk/host.hpp>

#include "host/plugin/guard.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/services/services.hpp"

namespace knack {

/// Each test runs as if the host had called a plugin.
class HostOperators : public ::testing::Test {
 protected:
  HostOperators() {
    host::register_aten();
    host::register_autograd();
    host::register_dlpack();
    host::register_tensor();
    detail::open_gateway(&context_.table);
  }

  [[nodiscard]] Host plugin_host() const {
    return Host(&context_.table);
  }

 private:
  host::HostServices services_;
  host::InstanceContext context_{"test.so", "trick", "test", "test", services_};
  host::Call call_{context_, "test"};
};

/// A tensor of LibTorch as the wrapper sees it, and back. Both share their elements.
inline Tensor wrap(at::Tensor tensor) {
  return Tensor::take(reinterpret_cast<knack_tensor_t*>(new at::Tensor(std::move(tensor))));
}
inline const at::Tensor& unwrap(const Tensor& tensor) {
  return *reinterpret_cast<const at::Tensor*>(tensor.handle());
}

}  // namespace knack
